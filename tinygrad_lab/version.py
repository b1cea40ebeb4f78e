"""The version, on the lowest floor: every other may name it."""

__version__ = "0.1.0"
