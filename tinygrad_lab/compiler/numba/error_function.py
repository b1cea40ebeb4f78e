"""`erf`, in arithmetic that LLVM vectorises, within 2 ulp of SciPy.

A polynomial in x² below 1; above, 1 − exp(−x²) times a polynomial in (x − 3)/(x + 3), until it rounds to 1. The
coefficients are fitted by `tests/compiler/fit_polynomials.py`.
"""

from __future__ import annotations

from tinygrad_lab.compiler.numba.exponentials import exp
from tinygrad_lab.compiler.numba.intrinsics import polynomial, select, vectorisable, with_sign_of

# erf x = x + x · ERF(x²) for |x| ≤ 1
_ERF = polynomial(
    0.1283791670955126,
    -0.37612638903184104,
    0.11283791670971635,
    -0.02686617064818253,
    0.0052239776546154654,
    -0.0008548328669471225,
    0.00012055391818244712,
    -1.4927032571041173e-05,
    1.6483709215556778e-06,
    -1.6587353942218363e-07,
    1.622921995698624e-08,
    -1.734326327297413e-09,
    1.589539969102597e-10,
)
# 1 − erf a = exp(−a²) · ERFCX((a − 3)/(a + 3)) for 1 ≤ a ≤ 6
_ERFCX = polynomial(
    0.1790011511813514,
    -0.32623356004600135,
    0.24560380166402762,
    -0.1501159363099292,
    0.07166585076918987,
    -0.024392322225014966,
    0.004270383425706453,
    0.0007132738865089206,
    -0.0005808810643794116,
    7.667645504175392e-05,
    0.00010316693623058102,
    1.527457727833418e-05,
)


@vectorisable
def erf(x: float) -> float:
    """Return 2/√π ∫ exp(−t²) dt from 0 to x."""
    a = abs(x)
    b = select(a > 6.0, 6.0, a)
    outer = 1.0 - exp(-b * b) * _ERFCX((b - 3.0) / (b + 3.0))
    inner = a + a * _ERF(a * a)
    return with_sign_of(select(a < 1.0, inner, outer), x)
