"""Every exception class of the package; each is also the built-in error that Python users expect to catch."""


class TinygradError(Exception):
    """Base class: `except TinygradError` catches whatever this package raises on purpose."""


class GraphError(TinygradError, RuntimeError):
    """A graph was asked for something it cannot give, such as the gradient of a non-scalar without a cotangent."""


class GradientLostError(TinygradError, TypeError):
    """A call would have dropped the graph silently, so it was refused."""


class CallError(TinygradError, TypeError):
    """A function was called with arguments that its signature does not allow."""


class RuleError(TinygradError, ValueError):
    """A derivative rule returned something that cannot be the gradient of its argument."""


class OperationError(TinygradError, ValueError):
    """An operation's forward pass refused its inputs; the text names the operation, the shapes and the layer.

    Attributes:
        arguments: what the operation was given.
        layer: the innermost module that the error passed through, or None.
        operation: the name of the operation that is that module's own, which the module's name replaces.
        where: how the text names that module: class and path, as in `Linear at "encoder.0"`.
    """

    arguments: tuple[object, ...] = ()
    layer: object = None
    operation: str = ""
    where: str = ""

    def __str__(self) -> str:
        text = ValueError.__str__(self)  # the error may be of one of NumPy's classes too, which tell other things
        if not self.where:
            return text
        own = {self.operation, type(self.layer).__name__, type(self.layer).__name__.lower()}
        first, _, rest = text.partition(": ")
        return f"{self.where}: {rest if first in own else text}"


class ArgumentError(TinygradError, ValueError):
    """A module, an optimizer, a schedule or a state was given a value that it cannot work with."""


class ArgumentTypeError(TinygradError, TypeError):
    """An argument has the wrong type, such as an array where a Value is needed."""


class UndefinedMethodError(TinygradError, NotImplementedError):
    """A subclass lacks the method that its base class calls, such as a module without `forward`."""


class OperationIndexError(OperationError, IndexError):
    """An `OperationError` for an index or axis that is out of bounds."""


class NonFiniteError(TinygradError, FloatingPointError):
    """In debug mode: finite inputs gave NaN or infinity."""


class GradientError(TinygradError, AssertionError):
    """A gradient is not the derivative of its function; `report` holds what was found for each element."""

    def __init__(self, message: str, report: object = None) -> None:
        super().__init__(message)
        self.report = report


class VacuousTestError(GradientError):
    """A gradient test could decide about too few elements to mean anything; it needs a Domain."""


class MissingExtraError(TinygradError, ImportError):
    """A library that an extra installs is missing; the text names the extra."""


class CompileError(TinygradError, TypeError):
    """A function cannot be compiled: it branches on computed data, or depends on something that is no argument."""


class ClusterError(TinygradError, RuntimeError):
    """A cluster is gone, its workers died, or they run another version of the package; the text is one line."""


class LabError(TinygradError, ValueError):
    """A configuration, a data file or an output folder that the lab cannot work with; the text is one line."""
