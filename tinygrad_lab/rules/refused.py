"""Functions that refuse a Value, with advice: they write in place, lose the graph, or have no derivative to give."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.core.declare import refuse

refuse("integers have no derivative: pass v.data, converted to integers",
       np.gcd, np.lcm, np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.bitwise_count, np.invert, np.left_shift,
       np.right_shift, np.packbits, np.unpackbits, np.ravel_multi_index, np.unravel_index, np.ix_)  # fmt: skip
refuse("an array cannot hold its graph: write np.broadcast_to(v, shape) for np.full_like, or choose with np.where",
       np.copyto)  # fmt: skip
refuse("a Value is never written in place: write v = v.at[i].set(x), or choose with np.where",
       np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal)  # fmt: skip
refuse("counts have no derivative: pass v.data, or use np.bincount for sums of weights",
       np.histogram2d, np.histogramdd, np.histogram_bin_edges)  # fmt: skip
refuse("files hold no graph: save v.data",
       np.save, np.savez, np.savez_compressed, np.savetxt)  # fmt: skip
refuse("np.matrix multiplies by rules of its own: use np.block",
       np.bmat)  # fmt: skip
refuse("dates have no derivative: pass v.data",
       np.busday_count, np.busday_offset, np.is_busday, np.isnat, np.datetime_as_string)  # fmt: skip
