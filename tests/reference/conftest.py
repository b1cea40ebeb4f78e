# Doctest collection imports every file, and this one needs PyTorch, which the tests do without.
collect_ignore = ["make_reference.py"]
