"""How NumPy's functions may be called, and in which words a call is refused: what the engine asks before it records."""
