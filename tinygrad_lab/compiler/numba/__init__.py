"""The writer of machine code: programs as fused loops under Numba, and mathematics that LLVM vectorises."""
