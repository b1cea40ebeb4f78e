"""The writer of machine code: programs as fused loops under Numba, and mathematics in vectors.

In the order of what happens to a program:

- `reading` and `reading_elements`, `reading_shapes`, `reading_products`, `reading_tasks` turn calls into operations
  (`operation`): expressions over strided looks at arrays (`access`). What they do not know stays a call of NumPy's.
- `schedule` places operations in loop nests (`nest`), products of matrices (`products`), `tasks`, and loops over
  programs (`rounds`), in stages between the calls of NumPy's.
- `module`, `stage`, `loops` and `function` write that as Python source, `placing` says where arrays lie; `memory` reads
  and writes at addresses, `elementary` and `blas` what is called by name.
- `splitting` puts long loops into blocks, and `threads` runs these on several cores, where that is asked for.
- `entries`, `building`, `arrays`, `running` and `straight` compile it, keep it on disk, and call it with arrays.

`vectors` is the Numba type for several numbers at once; `intrinsics`, `exponentials`, `logarithms`, `trigonometric` and
`error_function` are the mathematics, for numbers and vectors alike.
"""
