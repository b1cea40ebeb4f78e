"""The mistakes that reports name, each with a section of `docs/wrong_rules.md`, which shows one and its cure."""

from __future__ import annotations

import enum
import re
from typing import NamedTuple

from tinygrad_lab.errors import GradientError, VacuousTestError

PAGE = "docs/wrong_rules.md"


class Mistake(enum.Enum):
    """A kind of wrong rule; its value is the title of its section.

    Example:
        >>> Mistake.SIGN.link
        'docs/wrong_rules.md#sign-flipped'
    """

    # what is wrong with the numbers
    SIGN = "Sign flipped"
    SOME_SIGNS = "Sign of some elements flipped"
    FACTOR = "Off by a factor"
    CHAIN = "Factor missing, or one too many"
    MISSING = "Gradient missing"
    NOT_FINITE = "Not finite"
    CONJUGATE = "Complex conjugate"
    FORGOTTEN = "Cotangent forgotten"
    NOT_LINEAR = "Not linear in the cotangent"
    TRANSPOSED = "Transposed"
    OTHER_TRANSPOSED = "The other factor transposed"
    SWAPPED = "Another argument's gradient"
    COTANGENT_MOVED = "Cotangent not put back into order"
    MOVED = "Right numbers in the wrong places"
    BROADCAST = "Broadcast axis not summed"
    LEFT_OUT = "Results left out"
    MEAN = "Mean in place of the sum"
    TIE = "Ties and kinks"
    INTEGERS = "Cut off to integers"
    PRECISION = "Digits lost"
    FORMULA = "Wrong formula"
    # when it is wrong
    NARROW = "Wrong in a narrow dtype"
    LAYOUT = "Wrong for a memory layout"
    COTANGENT_LAYOUT = "Wrong for a layout of the cotangent"
    SECOND_ORDER = "Second derivative wrong"
    FORWARD = "Forward mode wrong"
    NO_TRANSPOSE = "Not the transpose of forward mode"
    OTHER_WAY = "Another gradient in other ways"
    # what a rule must not do besides
    SHAPE = "Wrong shape or dtype"
    NO_ARRAY = "No array"
    EMPTY = "Fails on empty arrays"
    IN_PLACE = "Writes in place"
    SHARED = "Shares memory"
    RANDOM = "Not the same each time"
    UNDECIDED = "Nothing decided"

    @property
    def link(self) -> str:
        """Where the section is: headings have the names that code hosts and Sphinx give them."""
        return f"{PAGE}#{re.sub(r'[^a-z0-9 -]', '', self.value.lower()).replace(' ', '-')}"

    @property
    def line(self) -> str:
        """The line of a report that leads to the section."""
        return f"  about this mistake: {self.link}"


class Diagnosis(NamedTuple):
    """A mistake, and a few words on what it looks like here."""

    mistake: Mistake
    words: str


def failure(mistake: Mistake, text: str, report: object = None) -> GradientError:
    """Return an error that says what is wrong, and where to read about it.

    Example:
        >>> print(failure(Mistake.SIGN, "sin, gradient of argument 0: sign flipped"))
        sin, gradient of argument 0: sign flipped
          about this mistake: docs/wrong_rules.md#sign-flipped
    """
    kind = VacuousTestError if mistake is Mistake.UNDECIDED else GradientError
    return kind(text if mistake.link in text else f"{text}\n{mistake.line}", report)
