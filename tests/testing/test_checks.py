"""Right gradients pass on awkward inputs; wrong ones fail with a report that says what is wrong."""

import functools
import re

import numpy as np
import pytest

import tinygrad_lab as tl
import tinygrad_lab.functional as F
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.errors import VacuousTestError
from tinygrad_lab.testing import GradientError, adapters, check_gradients

X = np.array([1.0, 2.0, 3.0])
M = np.arange(6.0).reshape(2, 3) + 0.3
pair = adapters.pair

# -- right gradients ---------------------------------------------------------------------------------------------------

AWKWARD = {
    "sqrt near 0": (np.sqrt, np.array([1e-12, 1e-8, 1e-4])),
    "log near 0": (np.log, np.array([1e-12, 1e-8, 1e-4])),
    "relu at and near 0": (F.relu, np.array([0.0, 1e-9, -1e-9, 1.0])),
    "abs at 0": (np.abs, np.array([0.0, -1.0])),
    "ties of max": (np.max, np.array([1.0, 2.0, 2.0, 2.0])),
    "near ties of max": (np.max, 1 + np.array([0, 1e-9, 1e-7, 1e-5])),
    "ties of sort": (np.sort, np.array([0.0, 0.0, -0.75, 0.0, -0.27])),
    "ties of maximum": (np.maximum, np.array([1.0, 2.0]), np.array([1.0, 3.0])),
    "float32 sigmoid": (F.sigmoid, np.linspace(-20, 20, 9, dtype=np.float32)),
    "float16 sigmoid": (F.sigmoid, np.linspace(-8, 8, 9, dtype=np.float16)),
    "float32 matmul": (np.matmul, M.astype(np.float32), M.T.astype(np.float32)),
    "tiny products": (np.multiply, 1e-8 * X, 1e-8 * X[::-1]),
    "tiny cosines": (np.cos, 1e-8 * X),
    "large sines": (np.sin, 1e6 * X),
    "saturated": (np.tanh, 20 * X),
    "saturated softmax": (F.softmax, np.array([-190.0, 1e-7, 33.0, 1.5])),
    "cancellation": (lambda x: (x + 1e8) - 1e8, X),
    "constant": (lambda x: np.sum(x * 0), X),
    "deep underflow": (F.gelu, np.array([-134.8, -1189277.7, 0.1])),
    "norm at 0": (np.hypot, np.zeros(2), np.zeros(2)),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_no_false_alarm(name):
    function, *args = AWKWARD[name]
    report = check_gradients(function, *args)
    assert report.ok
    assert report.count("inconclusive") == 0


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("function", "args"),
    [
        (np.multiply, (M, X)),
        (np.multiply, (M + 1j, X - 0.5j)),
        (np.abs, (M + 1j,)),
        (F.softmax, (M,)),
        (lambda p: {"a": np.sin(p["x"]) * p["y"], "b": [np.sum(p["x"])]}, ({"x": M, "y": 2.0},)),
        (lambda x, i: x[i], (X, np.array([0, 0, 2]))),
        (np.power, (tl.Value(2.0), 3)),
    ],
)
def test_orders_nesting_complex_numbers_and_integers(function, args, order):
    report = check_gradients(function, *args, order=order)
    assert report.ok
    assert report.count("pass") == sum(part.status.size for part in report.findings)


@pytest.mark.parametrize("function", [np.tanh, F.sigmoid, F.softmax])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_false_alarm_at_second_order_deep_in_saturation(function, dtype):
    assert check_gradients(function, np.array([-13.7, 29.9, 0.5, 42.1, -190.0], dtype), order=2).ok


def test_wrt_leaves_the_others_alone():
    half = pair(np.multiply, lambda g, a, b: (g * b, None), "half")
    assert [part.argument for part in check_gradients(half, X, X + 1, wrt=0).findings] == [0]
    with pytest.raises(GradientError, match=r"half, gradient of argument 1, .*missing"):
        check_gradients(half, X, X + 1)


def test_layouts_reach_the_rule():
    seen = []
    spy = pair(np.sin, lambda g, x: [seen.append(x.strides), g * np.cos(x)][1], "spy")
    check_gradients(spy, np.asfortranarray(M)[:, ::-1])
    assert np.asfortranarray(M)[:, ::-1].strides in seen


def test_results_that_are_complex_here_and_real_nearby():
    def sometimes_real(x):
        return x * x + (0j if x.data > 1 else 0)

    assert check_gradients(sometimes_real, np.array(1 + 1e-9)).count("pass") == 1


def test_examples_do_not_depend_on_the_last_bits_of_results():
    """Those differ from processor to processor, and what is drawn must not."""

    def drawn(function):
        seen = []
        check_gradients(pair(function, lambda g, x: seen.append(g) or g * np.cos(x)), X)
        return seen

    np.testing.assert_array_equal(drawn(np.sin), drawn(lambda x: np.nextafter(np.sin(x), 2)))


# -- nothing to decide -------------------------------------------------------------------------------------------------

UNDECIDED = {
    r"returned no floating-point numbers; is a `return` missing": (lambda x: None, X),
    r"returned no floating-point numbers.* is the result made of integers": (lambda x: x.size, X),
    r"arguments of shapes \[\(0, 2\)\] are empty": (np.sin, np.zeros((0, 2))),
    r"results of shapes \[\(0,\)\] are empty": (lambda x: x[:0], X),
    r"all 3 elements are inconclusive": (lambda x: x * np.nan, X),
}


@pytest.mark.parametrize("words", UNDECIDED)
def test_a_check_that_decides_nothing_is_no_pass(words):
    with pytest.raises(VacuousTestError, match=words):
        check_gradients(*UNDECIDED[words])
    report = check_gradients(*UNDECIDED[words], raise_exception=False)
    assert (report.ok, report.outcome) == (False, "undecided")
    assert re.search(words, report.text)


# -- many elements -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_all_of_many_elements_are_decided():
    x = np.random.default_rng(0).normal(size=8_000)
    assert check_gradients(np.sin, x).count("pass") == x.size
    assert check_gradients(lambda x: np.sum(np.tanh(x)) ** 2, x).count("pass") == x.size


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_one_wrong_element_among_many_is_found(seed):
    rng = np.random.default_rng(seed)
    x, wrong = rng.normal(size=3000), int(rng.integers(3000))
    factor = np.where(np.arange(x.size) == wrong, 1 + rng.choice([-0.01, 0.01]), 1)
    report = check_gradients(pair(np.sin, lambda g, x: factor * g * np.cos(x)), x, raise_exception=False)
    assert np.flatnonzero(report.findings[0].status == "fail").tolist() == [wrong]


@pytest.mark.slow
def test_failing_on_many_elements_is_fast_and_honest():
    x = np.random.default_rng(0).normal(size=1000)
    report = check_gradients(pair(np.sin, lambda g, x: 2 * g * np.cos(x)), x, raise_exception=False)
    count, looked, size = map(int, re.search(r"(\d+) of (\d+) elements wrong that .* of (\d+);", report.text).groups())
    assert count == looked < size == 1000
    assert "a constant factor of 2" in report.text


def test_complex_elements_are_counted_once():
    report = check_gradients(pair(lambda z: z * z, lambda g, z: 3 * z * g), M + 1j, raise_exception=False)
    assert "6 of 6 elements wrong" in report.text


# -- wrong gradients ---------------------------------------------------------------------------------------------------


def flipped(g, x):
    gradient = g * np.cos(x)
    gradient[0, 2] *= -1
    return gradient


def gathered(g, x):
    gradient = np.zeros_like(x)
    gradient[[0, 0, 2]] = g
    return gradient


RNG = np.random.default_rng(0)
WRONG = {
    "sign flipped": (pair(np.sin, flipped), M),
    "|g| in place of g": (pair(np.sin, lambda g, x: abs(g) * np.cos(x)), X),
    "g² in place of g": (pair(np.sin, lambda g, x: g * g * np.cos(x)), X),
    "the cotangent g was forgotten": (pair(np.sin, lambda g, x: np.cos(x)), X),
    "a constant factor of 1.001": (pair(np.sin, lambda g, x: 1.001 * g * np.cos(x)), X),
    "a constant factor of 0.999": (pair(np.sin, lambda g, x: 0.999 * g * np.cos(x)), 1e-8 * X),
    "a constant factor of 2": (pair(np.sin, lambda g, x: 2 * g * np.cos(x)), X),
    "a constant factor of 6": (pair(np.mean, lambda g, x: g * np.ones_like(x)), M),
    "a constant factor of 1/6": (pair(np.sum, lambda g, x: g * np.ones_like(x) / 6), M),
    "only the first of the results": (pair(np.multiply, lambda g, a, b: (g * b, (g * a)[0])), M, X),
    "only the last of the results": (pair(lambda x: x[[0, 0, 2]], gathered), X),
    "the mean, not the sum": (pair(np.multiply, lambda g, a, b: (g * b, (g * a).mean(0))), M, X),
    "the other factor, transposed": (pair(np.matmul, lambda g, a, b: (g @ b, a.T @ g)), M[:, :2], M[:, 1:]),
    "the cotangent g, transposed": (pair(lambda x: x * 1, lambda g, x: g.T), M[:, :2]),
    "the cotangent g, reversed along axis 0": (pair(np.flip, lambda g, x: g), X),
    "missing: it is 0": (pair(np.sin, lambda g, x: 0 * g), X),
    "not finite, but the derivative is": (pair(np.sin, lambda g, x: np.nan * g), X),
    "cut off to integers": (pair(lambda x: 7 * np.sin(x), lambda g, x: np.trunc(7 * g * np.cos(x))), X),
    "as after a narrower dtype": (pair(np.sin, lambda g, x: g * np.cos(x.astype(np.float16))), X),
    "a tie or another kink": (pair(np.max, lambda g, x: g * (x == x.max())), np.array([1.0, 2.0, 2.0])),
    "sign flipped for some elements": (pair(lambda x: x**4, lambda g, x: 4 * g * abs(x**3)), X - 1.5),
    "argument 0 is missing as a factor": (pair(lambda x: np.exp(-x * x), lambda g, x: -2 * g * np.exp(-x * x)), X),
    "argument 1 is a factor too many": (pair(np.divide, lambda g, a, b: (g / b, -g * a / b)), M, M + 1),
    "the result is missing as a factor": (pair(np.exp, lambda g, x: g), X),
    "the gradient of argument 1": (pair(np.multiply, lambda g, a, b: (g * a, g * a)), M, M + 1.5),
    "the complex conjugate": (pair(lambda z: z**2, lambda g, z: np.conj(2 * g * z)), X + 0.3j),
    "the derivative in it conjugated": (pair(lambda z: z**2, lambda g, z: g * np.conj(2 * z)), X + 0.3j),
    "another each time": (pair(np.sin, lambda g, x: g * np.cos(x) * RNG.integers(0, 3, x.shape)), X),
}


@pytest.mark.parametrize("words", WRONG)
def test_the_report_names_the_pattern(words):
    adapter, *args = WRONG[words]
    with pytest.raises(GradientError, match=re.escape(words)):
        check_gradients(adapter, *args)


@pytest.mark.parametrize("factor", [1.001, 0.999])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e3])
@pytest.mark.parametrize("element", [0, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_element_off_by_a_thousandth_is_found(factor, scale, element, dtype):
    def rule(g, x):
        gradient = g * 3 * x * x
        gradient[element] *= factor
        return gradient

    x = (scale * np.array([0.3, -1.2, 0.7, 2.0, -0.6])).astype(dtype)
    with pytest.raises(GradientError, match=rf"element \[{element}\]: off by a factor of {factor}"):
        check_gradients(pair(lambda x: x**3, rule, "cube"), x)


def test_the_text_of_a_failure():
    with pytest.raises(GradientError) as caught:
        check_gradients(pair(np.sin, flipped, "sin"), np.asfortranarray(M)[:, ::-1])
    pattern = r"""sin, gradient of argument 0, element \[0, 2\]: sign flipped for some elements
  analytic [+-]0\.\d{9,10}   numeric [+-]0\.\d{9,10} ± \de-\d\d   \(left = right: smooth\)
  1 of 6 elements wrong; ratio -1; the others agree to \de-1\d
  at float64 \(2, 3\) in Fortran order, reversed
  about this mistake: docs/wrong_rules\.md#sign-of-some-elements-flipped
  reproduce: import numpy as np; from tinygrad_lab.testing import check_gradients; from tinygrad_lab.testing import \
adapters; from .*test_checks import flipped
    check_gradients\(adapters\.pair\(np\.sin, flipped, name='sin'\), \
np.array\(.*\).transpose\(\(1, 0\)\)\[:, ::-1\], cotangent=np.array\(.*\)\)""".replace("\\\n", "")
    assert re.fullmatch(pattern, str(caught.value))


@tl.primitive(lambda g, y, x: 2 * g * np.cos(x), elementwise=True)
def doubled(x):
    return np.sin(x)


@tl.primitive(lambda g, y, x: g * np.cos(plain(x)), elementwise=True)
def cut(x):
    return np.sin(x)


class Layer:
    @staticmethod
    def forward(x):
        return doubled(x) + 1


def scaled(x, factor=1.0):
    return factor * doubled(x)


module_level = pair(np.sin, flipped, "sin")
unnamed = lambda x: doubled(x) + 0
REPRODUCED = {
    "a function": (doubled, X),
    "an adapter": (module_level, np.asfortranarray(M)[:, ::-1]),
    "a lambda with a name": (unnamed, X.astype(np.float32)),
    "a lambda without": (lambda x: doubled(x) + 1, X),
    "a method": (Layer.forward, X),
    "keywords": (functools.partial(scaled, factor=3.0), X),
    "many elements": (doubled, np.linspace(-3, 3, 1000).reshape(20, 50)),
    "nested": (lambda p: doubled(p["a"]) * p["b"], {"a": X, "b": 2.0}),
    "order 2": (cut, X),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", REPRODUCED)
def test_what_is_printed_runs_and_fails_again(kind):
    function, argument = REPRODUCED[kind]
    report = check_gradients(function, argument, order=2, raise_exception=False)
    statements = report.text.partition("reproduce: ")[2].replace("\n    ", "\n")
    assert "# fn is" not in statements
    with pytest.raises(GradientError) as caught:
        exec(statements, {})
    assert str(caught.value).splitlines()[0] == report.text.splitlines()[0]


def test_the_error_carries_the_report():
    with pytest.raises(GradientError) as caught:
        check_gradients(pair(np.sin, flipped, "sin"), M)
    report = caught.value.report
    assert repr(report) == "<GradientReport of sin: 5 pass, 1 fail>"
    assert report.findings[0].status[0, 2] == "fail"
    assert np.all(np.isfinite(report.findings[0].numeric))


def test_a_gradient_of_the_wrong_shape():
    unsummed = pair(np.multiply, lambda g, a, b: (g * b, g * a), "mul")
    with pytest.raises(
        GradientError, match=r"mul, gradient of argument 1: has shape .* needs the argument's shape \(3,\).*sum"
    ):
        check_gradients(unsummed, M, X)


def test_second_order_is_looked_at_when_asked():
    @tl.primitive(lambda g, y, x: g * F.relu(x) * x)  # right where x > 0, and constant nowhere
    def odd(x):
        return np.where(x > 0, x**3 / 3, 0 * x)

    @tl.primitive(lambda g, y, x: g * np.cos(x.data if isinstance(x, tl.Value) else x))
    def cut(x):
        return np.sin(x)

    assert check_gradients(odd, X, order=2).ok
    assert check_gradients(cut, X).ok
    with pytest.raises(GradientError, match="gradient of cut, gradient of argument 0"):
        check_gradients(cut, X, order=2)


def test_a_rule_that_is_not_linear_fails_in_forward_mode():
    """The rule is right for the two cotangents that it can tell from others, and only for those."""

    @tl.primitive(lambda g, y, x: g * np.cos(x) + (0 if isinstance(g, np.ndarray) else 0.1 * g))
    def sneaky(x):
        return np.sin(x)

    with pytest.raises(GradientError, match="sneaky, forward mode, element 0 of the result"):
        check_gradients(sneaky, X)


@pytest.mark.parametrize(("dtype", "factor"), [(np.float64, 1 + 1e-8), (np.float32, 1.0005), (np.float16, 1.2)])
def test_a_rule_wrong_in_its_own_dtype_only(dtype, factor):
    crude = pair(np.sin, lambda g, x: g * np.cos(x) * (1 if x.dtype != dtype else x.dtype.type(factor)), "crude")
    assert check_gradients(crude, X.astype(np.longdouble)).ok
    with pytest.raises(GradientError, match="off in the arguments' own dtype, but right in a wider one"):
        check_gradients(crude, X.astype(dtype))


@pytest.mark.parametrize("lay_out", [np.asfortranarray, lambda x: np.repeat(x, 2, 1)[:, ::2], lambda x: x[::-1, ::-1]])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_rule_wrong_for_a_layout_only(lay_out, dtype):
    def rule(g, x):
        return g * np.cos(x) * x.dtype.type(1 if x.flags.c_contiguous else 1.001)

    def function(x):
        if x.dtype == np.longdouble:
            raise TypeError("no long doubles")
        return np.sin(x)

    fussy = pair(function, rule, "fussy")
    assert check_gradients(fussy, M.astype(dtype)).ok
    with pytest.raises(GradientError, match=r"depends on how the arrays lie in memory|constant factor of 1.001"):
        check_gradients(fussy, lay_out(M.astype(dtype)))


@pytest.mark.parametrize("ties", [2, 3, 5])
@pytest.mark.parametrize("factor", [1.001, 0.999])
def test_ties_that_share_too_much_or_too_little(ties, factor):
    def rule(g, x):
        most = x == np.max(x)
        return g * most / np.sum(most) * np.where(np.sum(most) > 1, factor, 1)

    x = np.array([1.0, -2.0, *[3.0] * ties])
    with pytest.raises(GradientError, match="a tie or another kink"):
        check_gradients(pair(np.max, rule, "max"), x)


def test_tolerances_for_those_who_must():
    rough = pair(np.sin, lambda g, x: 1.001 * g * np.cos(x), "rough")
    assert not check_gradients(rough, X, rtol=1e-4, raise_exception=False).ok
    assert check_gradients(rough, X, rtol=1e-2).ok
    assert check_gradients(rough, X, atol=1e-2).ok


# -- misuse ------------------------------------------------------------------------------------------------------------


def test_misuse_is_explained():
    with pytest.raises(ValueError, match="order must be 1 or 2, got 3"):
        check_gradients(np.sin, X, order=3)
    with pytest.raises(ValueError, match="sin: wrt names position 1, but there are 1 arguments; count from 0"):
        check_gradients(np.sin, X, wrt=1)
    with pytest.raises(ValueError, match="sin: no argument holds floating-point numbers, only int"):
        check_gradients(np.sin, 1)
    with pytest.raises(ValueError, match=r"cotangent has shapes \[\(2,\)\], but the result has \[\(3,\)\]"):
        check_gradients(np.sin, X, cotangent=np.ones(2))
    with pytest.raises(ValueError, match=r"a \(function, vjp\) pair has only order 1"):
        check_gradients(pair(np.sin, lambda g, x: g * np.cos(x)), X, order=2)


@pytest.mark.parametrize("condition", [lambda x: x == 0, lambda x: x == np.round(x), lambda x: np.all(x == x[0])])
def test_a_rule_wrong_at_single_points_only(condition):
    """At neighbouring points nothing is wrong; what rounding may do is seen at the point itself."""

    def rule(g, x):
        return g * np.cos(x) * np.where(condition(x), 1.001, 1).astype(x.dtype)

    single = pair(np.sin, rule, "single")
    assert check_gradients(single, np.array([0.3, 0.7])).ok
    for x in (np.zeros(2), np.zeros(1)):
        assert not check_gradients(single, x, raise_exception=False).ok


def test_a_rule_wrong_for_read_only_arrays_only():
    x = X.copy()
    x.flags.writeable = False
    bad = pair(np.sin, lambda g, x: g * np.cos(x) * (1 if x.flags.writeable else 1.0001), "bad")
    with pytest.raises(GradientError, match="off in the arguments' own dtype"):
        check_gradients(bad, x)


def test_a_rule_right_to_float32_only():
    rough = pair(np.exp, lambda g, x: g * np.exp(x.astype(np.float32)).astype(x.dtype), "rough")
    with pytest.raises(GradientError, match="as after a narrower dtype"):
        check_gradients(rough, np.array([0.1, 1.7, 2.3]))


def test_functions_that_read_one_triangle_are_told_from_wrong_ones():
    a = M @ M.T + np.eye(2)
    for function in (np.linalg.eigvalsh, np.linalg.cholesky):
        with pytest.raises(GradientError, match="shared by both triangles of a symmetric matrix"):
            check_gradients(function, a)
        assert check_gradients(lambda a, function=function: function((a + a.T) / 2), a).ok


def test_each_argument_is_differentiated_alone_as_well():
    def constant(a, b):
        return a * (b if isinstance(a, tl.Value) else getattr(b, "data", b))

    with pytest.raises(GradientError, match="constant, gradient of argument 1: another when only array 1 requires one"):
        check_gradients(constant, X, X + 1)
    notes = check_gradients(np.full_like, X, np.float64(2.0)).notes
    assert any(note.startswith("the gradient when only array 1 requires one: GradientLostError") for note in notes)


def test_a_constant_0_may_stop_what_is_infinite():
    p = np.array([0.0, 0.5])
    with np.errstate(all="ignore"):
        report = check_gradients(lambda p, q: np.sum(p * np.log(p / q)), p, p)
    assert (report.outcome, report.count("inconclusive")) == ("pass", 2)


def test_steps_that_skip_what_happens_are_no_proof_against_ties():
    def error(a, b):
        return np.log(1 + (np.abs(a - b) / (np.abs(b) + 1e-12)) ** 2)

    weights = np.array([-0.625, -1.3125, 1.40625, 0.9375, 1.484375])
    check_gradients(error, np.array([1.5, 1.25, 1e-9, -0.25, 0.000278]), np.zeros(5), cotangent=weights)


@pytest.mark.parametrize("part", [1e-3, 1e-5, 1e-7])
def test_small_errors_are_found_wherever_the_elements_are(part):
    wrong = pair(np.log, lambda g, x: g / (x + x.dtype.type(part)), "wrong")
    for x in (np.array([1.0]), np.ones(17), np.array([0.5, 2.0, 7.0])):
        assert check_gradients(wrong, x, raise_exception=False).outcome == "fail"


def test_what_is_wrong_at_0_alone_is_wrong():
    def slope(g, x):
        return g * np.where(x == 0, 1.02, np.cos(x)).astype(x.dtype)

    with pytest.raises(GradientError, match=r"sine, gradient of argument 0, element \[0\]: off by a factor of 1.02"):
        check_gradients(adapters.pair(np.sin, slope, "sine"), np.array([0.0, 1.0]))
