"""What a user of the lab can get wrong, as one exception whose text is one line."""

from __future__ import annotations

from tinygrad_lab.errors import TinygradError


class LabError(TinygradError, ValueError):
    """A configuration, a data file or an output folder that the lab cannot work with."""
