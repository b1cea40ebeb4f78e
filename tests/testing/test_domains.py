import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_lab.testing.domains import COMMON, REAL, Domain, find_domains

ends = st.floats(-50, 50)
intervals = st.tuples(ends, ends).filter(lambda pair: pair[0] < pair[1] - 1e-3).map(lambda pair: Domain(*pair))
domains = (
    st.sampled_from(COMMON) | intervals | ends.map(lambda low: Domain(low=low)) | ends.map(lambda e: Domain(high=e))
)


@given(domains, st.binary(min_size=6, max_size=6), st.sampled_from([np.float64, np.float32, np.float16]))
def test_what_is_drawn_lies_inside(domain, codes, dtype):
    x = domain.fill(codes, (2, 3), dtype)
    assert x.dtype == dtype
    assert x.shape == (2, 3)
    assert x in domain


@given(domains, st.floats(-1e6, 1e6))
def test_whatever_is_squashed_lies_inside(domain, x):
    assert domain.squash(x) in domain


@given(st.sampled_from([REAL, Domain(0, 1), Domain(low=3), Domain(high=-2)]), st.binary(min_size=12, max_size=12))
def test_distinct_elements_are_far_apart(domain, codes):
    domain = Domain(domain.low, domain.high, distinct=True)
    x = domain.fill(codes, (12,))
    assert x in domain
    assert np.min(np.diff(np.sort(x))) >= 0.07


def test_half_of_the_numbers_are_quarters_that_meet():
    table = REAL.table
    assert np.sum(table * 4 == np.round(table * 4)) >= 128
    assert np.min(np.abs(table[table != 0])) < 5e-4
    assert np.max(np.abs(table)) > 50
    assert REAL.fill(bytes(3), (3,)).tolist() == [1, 1, 1]


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
@given(codes=st.binary(min_size=36, max_size=36))
def test_matrices(dtype, codes):
    def fill(matrices):
        return Domain(matrices=matrices).fill(codes, (2, 3, 3), dtype)

    transposed = np.conjugate(np.swapaxes(fill("symmetric"), -1, -2))
    np.testing.assert_array_equal(transposed, fill("symmetric"))
    assert np.min(np.linalg.eigvalsh(fill("positive definite"))) > 0.99
    assert np.max(np.linalg.cond(fill("invertible"))) < 100


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (np.tanh, (REAL,)),
        (np.log, (Domain(low=0),)),
        (np.reciprocal, (Domain(without=(0.0,)),)),
        (np.arcsin, (Domain(-1, 1),)),
        (np.arccosh, (Domain(low=1),)),
        (np.arctan2, (REAL, REAL)),
        (np.divide, (REAL, Domain(without=(0.0,)))),
    ],
)
def test_the_domain_of_a_function_is_found_by_trying(function, found):
    assert find_domains(function, len(found)) == found


def test_a_function_that_is_finite_nowhere():
    def lost(x):
        return x * np.nan

    with pytest.raises(ValueError, match=r"lost: the function is not finite on any of the usual domains.*pass domain="):
        find_domains(lost, 1)


def test_refused():
    with pytest.raises(ValueError, match="low must be below high, got 1 and 0"):
        Domain(1, 0)
    with pytest.raises(ValueError, match=r"matrices must be one of any, symmetric.*got 'magic'"):
        Domain(matrices="magic")


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_small_numbers_do_not_become_0_in_narrow_dtypes(dtype):
    domain = Domain(without=(0.0,))
    drawn = domain.fill(bytes(range(256)), (256,), dtype)
    assert np.all(drawn != 0)
    assert np.array_equal(np.sign(drawn), np.sign(domain.fill(bytes(range(256)), (256,))))
