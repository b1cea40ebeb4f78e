"""What an array answers to: NumPy's methods, the ways its functions may be called, and the words of a refusal."""
