"""What an array answers to: NumPy's methods, and the ways its functions may be called."""
