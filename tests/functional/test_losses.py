from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cosine_similarity,
    cross_entropy,
    huber_loss,
    kl_div,
    l1_loss,
    log_softmax,
    mse_loss,
    nll_loss,
    sigmoid,
    sigmoid_focal_loss,
    smooth_l1_loss,
    softmax,
)

REGRESSION = [mse_loss, l1_loss, huber_loss, smooth_l1_loss]
REDUCTIONS = ["mean", "sum", "none"]
reductions = pytest.mark.parametrize("reduction", REDUCTIONS)


def reals(*shape, bound=3.0):
    return arrays(np.float64, shape, elements=st.floats(-bound, bound))


@pytest.mark.parametrize("loss", REGRESSION)
@reductions
@given(p=reals(2, 3), t=reals(2, 3))
@settings(max_examples=8)
def test_derivatives_of_regression_losses(loss, reduction, p, t):
    error = abs(p - t)
    assume(np.all(error > 1e-3) and np.all(abs(error - 1) > 1e-3))  # the kinks
    check_gradients(lambda p, t: loss(p, t, reduction=reduction), p, t)


@reductions
@given(p=arrays(np.float64, (2, 3), elements=st.floats(0.05, 0.95)), t=reals(2, 3))
@settings(max_examples=8)
def test_derivatives_of_binary_cross_entropies(reduction, p, t):
    check_gradients(lambda p, t: binary_cross_entropy(p, t, reduction=reduction), p, t)
    check_gradients(lambda x, t: binary_cross_entropy_with_logits(x, t, reduction=reduction), 3 * t + p, t)


@reductions
@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 2)])
def test_derivatives_of_cross_entropies(reduction, shape):
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=shape), rng.uniform(size=shape)
    classes = rng.integers(0, 3, (*shape[:1], *shape[2:]) if len(shape) > 1 else ())
    check_gradients(lambda x, t: cross_entropy(x, t, reduction=reduction), x, t)
    check_gradients(lambda x: cross_entropy(x, classes, reduction=reduction), x)
    check_gradients(lambda x: nll_loss(x, classes, reduction=reduction), x)


@pytest.mark.parametrize("loss", [*REGRESSION, binary_cross_entropy, binary_cross_entropy_with_logits])
@given(p=arrays(np.float64, (2, 3), elements=st.floats(0, 1)), t=arrays(np.float64, (2, 3), elements=st.floats(0, 1)))
@settings(max_examples=15)
def test_reductions_agree(loss, p, t):
    single = loss(p, t, reduction="none")
    assert single.shape == p.shape
    assert np.all(single >= 0)
    assert loss(p, t, reduction="sum") == pytest.approx(single.sum())
    assert loss(p, t) == loss(p, t, reduction="mean") == pytest.approx(single.mean())


def one_hot(classes, count):
    return np.eye(count)[classes]


@given(x=reals(4, 3, bound=50), classes=arrays(np.int64, 4, elements=st.integers(0, 2)))
def test_the_four_ways_to_a_cross_entropy_agree(x, classes):
    expected = -np.log(np.take_along_axis(np.exp(log_softmax(x)), classes[:, None], 1)).mean()
    for loss in (
        cross_entropy(x, classes),
        cross_entropy(x, one_hot(classes, 3)),
        nll_loss(log_softmax(x), classes),
    ):
        assert loss == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(x=reals(5, bound=15), t=arrays(np.float64, 5, elements=st.floats(0, 1)))
def test_the_two_binary_cross_entropies_agree(x, t):
    from_logits = binary_cross_entropy_with_logits(x, t)
    assert binary_cross_entropy(sigmoid(x), t) == pytest.approx(from_logits, rel=1e-8, abs=1e-9)
    pairs = np.stack([np.zeros(5), x], axis=1)
    assert cross_entropy(pairs, np.stack([1 - t, t], axis=1)) == pytest.approx(from_logits, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@reductions
def test_cross_entropies_are_finite_and_quiet_at_any_logit(dtype, reduction):
    far = min(float(np.finfo(dtype).max), 1e300) / 8
    x = np.array([[far, -far, 0.0], [0.0, 0.0, 0.0], [-far, 1.0, far]], dtype)
    labels = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]], dtype)
    for loss, target in (
        (binary_cross_entropy_with_logits, labels),
        (cross_entropy, labels),
        (cross_entropy, np.array([1, 0, 0])),
    ):
        value = tl.Value(x)
        y = loss(value, target, reduction=reduction)
        y.backward(np.ones(y.shape))
        assert y.dtype == value.grad.dtype == dtype
        assert np.all(np.isfinite(y.data))
        assert np.all(np.isfinite(value.grad))


def test_masked_classes_cost_nothing():
    x = tl.Value([[0.0, -np.inf, 0.0]])
    loss = cross_entropy(x, np.array([2]))
    loss.backward()
    assert loss.item() == pytest.approx(np.log(2))
    np.testing.assert_allclose(x.grad, [[0.5, 0, -0.5]])
    assert cross_entropy(x, np.array([[0.0, 0.0, 1.0]])).item() == pytest.approx(np.log(2))
    assert nll_loss(log_softmax(x), np.array([2])).item() == pytest.approx(np.log(2))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_binary_cross_entropy_is_finite_at_0_and_1(dtype):
    p = tl.Value(np.array([0, 0, 1, 1, np.finfo(dtype).smallest_subnormal, 1 - np.finfo(dtype).epsneg], dtype))
    t = np.array([0, 1, 0, 1, 1, 0], dtype)
    losses = binary_cross_entropy(p, t, reduction="none")
    losses.backward(np.ones(6))
    assert losses.dtype == p.grad.dtype == dtype
    assert np.all(np.isfinite(p.grad))
    np.testing.assert_array_equal(losses.data[[0, 3]], 0)
    assert np.all(losses.data[[1, 2]] == (100 if dtype != np.float16 else losses.data[1]))
    assert np.all(np.sign(p.grad[[1, 2, 4, 5]]) == [-1, 1, -1, 1])


def test_a_saturated_sigmoid_gives_a_finite_loss_and_gradient():
    x = tl.Value([800.0, -800.0, 40.0, -40.0, 3.0])
    loss = binary_cross_entropy(sigmoid(x), np.array([0.0, 1.0, 0.0, 1.0, 0.0]), reduction="sum")
    loss.backward()
    assert loss.item() == pytest.approx(100 + 100 + 100 + 40 + 3.0485873515737420588)
    assert np.all(np.isfinite(x.grad))
    assert x.grad[4] == pytest.approx(sigmoid(3.0))


def test_binary_cross_entropy_outside_the_unit_interval_is_nan_and_says_so():
    with pytest.warns(RuntimeWarning, match="invalid value encountered in log"):
        assert np.isnan(binary_cross_entropy(np.array([1.5]), np.array([1.0])))


def test_gradients_of_cross_entropies_are_differences_of_probabilities():
    x, classes = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 2, 1, 1])
    logits = tl.Value(x)
    cross_entropy(logits, classes, reduction="sum").backward()
    np.testing.assert_allclose(logits.grad, softmax(x) - one_hot(classes, 3), atol=1e-15)


@pytest.mark.parametrize("loss", [*REGRESSION, binary_cross_entropy, binary_cross_entropy_with_logits])
def test_a_target_of_another_shape_is_refused_not_broadcast(loss):
    text = rf"{loss.__name__}: target has shape \(4,\), but the prediction has \(4, 1\); use target.reshape\(4, 1\)"
    with pytest.raises(OperationError, match=text):
        loss(tl.Value(np.full((4, 1), 0.5)), np.ones(4))
    with pytest.raises(
        OperationError, match=r"target has shape \(3,\), but the prediction has \(4,\); give one number"
    ):
        loss(np.full(4, 0.5), np.ones(3))


CLASSES = "scores of shape (4, 3) need integer classes of shape (4,) as target, got"


@pytest.mark.parametrize("loss", [cross_entropy, nll_loss])
@pytest.mark.parametrize(
    ("target", "text"),
    [
        (np.ones(4), f"{CLASSES} float64 of shape (4,); convert it with target.astype(int), or reshape it"),
        (np.ones((4, 1), int), f"{CLASSES} int64 of shape (4, 1); convert"),
        (np.array([0, 1, 2, 3]), "target has classes from 0 to 3, but the scores only from 0 to 2; number them from 0"),
        (
            np.array([0, 1, 2, -1]),
            "target has classes from -1 to 2, but the scores only from 0 to 2; number them from 0",
        ),
    ],
)
def test_targets_that_are_no_classes_are_refused(loss, target, text):
    with pytest.raises(OperationError, match=re.escape(f"{loss.__name__}: {text}")):
        loss(tl.Value(np.zeros((4, 3))), target)


@pytest.mark.parametrize("loss", [*REGRESSION, binary_cross_entropy, binary_cross_entropy_with_logits])
def test_a_list_is_refused_and_a_plain_number_is_not(loss):
    with pytest.raises(
        OperationError, match=rf"{loss.__name__}: target must be an array, got a list; wrap it in np.arr"
    ):
        loss(tl.Value(np.full(2, 0.5)), [0.25, 1.0])
    assert np.isfinite(loss(tl.Value(0.5), 0.25).item())


@pytest.mark.parametrize("loss", [cross_entropy, nll_loss])
def test_classes_in_a_list_are_refused(loss):
    with pytest.raises(
        OperationError, match=f"{loss.__name__}: target must be an array, got a list; wrap it in np.arr"
    ):
        loss(tl.Value(np.zeros((2, 3))), [0, 2])


def test_a_delta_that_is_not_positive_is_refused():
    with pytest.raises(OperationError, match="huber_loss: delta must be positive, got -1; 1 is usual"):
        huber_loss(np.zeros(2), np.ones(2), delta=-1)


@pytest.mark.parametrize("loss", [*REGRESSION, binary_cross_entropy, binary_cross_entropy_with_logits])
def test_an_unknown_reduction_is_refused(loss):
    text = f"{loss.__name__}: reduction must be one of mean, sum, none, got 'total'; leave it out for the mean"
    with pytest.raises(OperationError, match=re.escape(text)):
        loss(np.full(3, 0.5), np.full(3, 0.25), reduction="total")


WEIGHTS = [0.5, 2.0, 1.25]


@reductions
def test_derivatives_with_weights_smoothing_and_ignored_targets(reduction):
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(4, 3)), rng.uniform(size=(4, 3))
    classes = np.array([0, 2, -100, 1])
    options = {"weight": WEIGHTS, "label_smoothing": 0.3}
    check_gradients(lambda x, t: cross_entropy(x, t, reduction, **options), x, t)
    check_gradients(lambda x: cross_entropy(x, classes, reduction, **options), x)
    check_gradients(lambda x: nll_loss(x, classes, reduction, weight=WEIGHTS), x)
    positive = {"weight": WEIGHTS, "pos_weight": 3.0}
    check_gradients(lambda x, t: binary_cross_entropy_with_logits(x, t, reduction, **positive), x, t)
    check_gradients(lambda p, t: binary_cross_entropy(p, t, reduction, weight=WEIGHTS), 0.1 + 0.8 * t, x)


@reductions
def test_derivatives_of_divergences(reduction):
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(4, 3)), rng.uniform(0.1, 0.9, size=(4, 3))
    check_gradients(lambda x, t: kl_div(x, t, reduction), x, t)
    check_gradients(lambda x, t: kl_div(x, t, reduction, log_target=True), x, t)
    check_gradients(lambda x: sigmoid_focal_loss(x, np.round(t), reduction=reduction), x)
    check_gradients(cosine_similarity, x, t)


def test_the_mean_over_samples_of_a_divergence():
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(4, 3, 2)), rng.uniform(0.1, 0.9, size=(4, 3, 2))
    assert kl_div(x, t, "batchmean") == pytest.approx(kl_div(x, t, "sum") / 4)
    assert tl.nn.KLDivLoss("batchmean")(x, t) == kl_div(x, t, "batchmean")
    check_gradients(lambda x, t: kl_div(x, t, "batchmean"), x, t)
    check_gradients(lambda x, t: kl_div(x, t, "batchmean", log_target=True), x, t)
    np.testing.assert_allclose(tl.compile(tl.grad(kl_div))(x, t, "batchmean"), tl.grad(kl_div)(x, t, "batchmean"))
    with pytest.raises(OperationError, match="mse_loss: reduction must be one of mean, sum, none, got 'batchmean'"):
        tl.functional.mse_loss(x, t, "batchmean")


def test_a_mean_with_ignored_targets_is_that_of_the_others():
    x, classes = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 7, 2, 7])
    expected = cross_entropy(x[[0, 2]], classes[[0, 2]])
    assert cross_entropy(x, classes, ignore_index=7) == pytest.approx(expected)
    v = tl.Value(x)
    cross_entropy(v, classes, ignore_index=7).backward()
    assert not np.any(v.grad[[1, 3]])


def test_a_divergence_is_0_only_where_both_agree_and_a_target_of_0_counts_nothing():
    t = np.array([0.0, 0.25, 0.75])
    assert kl_div(np.log([0.5, 0.25, 0.25]), t, "sum") > 0
    with np.errstate(divide="ignore"):
        assert kl_div(np.log(np.maximum(t, 1e-300)), t, "sum") == pytest.approx(0)


def test_options_of_classifiers_are_checked():
    x, classes = np.zeros((2, 3)), np.array([0, 1])
    with pytest.raises(OperationError, match=r"cross_entropy: weight must have one number for each of the 3 classes"):
        cross_entropy(x, classes, weight=[1, 2])
    with pytest.raises(OperationError, match=r"cross_entropy: label_smoothing must be in \[0, 1\], got 2"):
        cross_entropy(x, classes, label_smoothing=2)
    with pytest.raises(OperationError, match="smooth_l1_loss: beta must be positive, got 0"):
        smooth_l1_loss(x, x, 0)


@pytest.mark.parametrize("target", ["classes", "distributions"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_the_classes_may_stand_on_any_axis(target, reduction):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 5, 3))
    t = rng.integers(0, 3, (2, 5)) if target == "classes" else rng.dirichlet(np.ones(3), (2, 5))
    moved = t if target == "classes" else np.moveaxis(t, -1, 1)
    plain = lambda x: np.sum(cross_entropy(np.moveaxis(x, -1, 1), moved, reduction) ** 2)
    again = lambda x: np.sum(cross_entropy(x, t, reduction, axis=-1) ** 2)
    assert again(x) == pytest.approx(plain(x), rel=1e-14)
    for order in (tl.grad, tl.hessian):
        np.testing.assert_allclose(order(again)(x), order(plain)(x), rtol=1e-11, atol=1e-14)
    if target == "distributions":
        by_target = lambda axis: tl.grad(lambda t: np.sum(cross_entropy(x, t, axis=axis)))
        np.testing.assert_allclose(
            by_target(-1)(t), np.moveaxis(tl.grad(lambda t: cross_entropy(np.moveaxis(x, -1, 1), t))(moved), 1, -1)
        )
