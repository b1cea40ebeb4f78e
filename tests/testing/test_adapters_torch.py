"""The checker on functions of PyTorch; skipped where it is not installed."""

import numpy as np
import pytest

from tinygrad_lab.testing import Domain, GradientError, VacuousTestError, adapters, check_gradients, gradient_test

torch = pytest.importorskip("torch", reason="PyTorch is no dependency")

M = np.arange(6.0).reshape(2, 3) + 0.3


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def function(forward, backward, **more):
    """Return a `torch.autograd.Function` of these two; the arguments are saved for `backward`."""

    def saving(context, *xs):
        context.save_for_backward(*xs)
        context.set_materialize_grads(False)
        return forward(*xs)

    methods = {"forward": saving, "backward": backward, **more}
    parts = {name: staticmethod(method) for name, method in methods.items()}
    return type("Function", (torch.autograd.Function,), parts).apply


def sine(factor=1.0, **more):
    return function(torch.sin, lambda context, g: factor * g * context.saved_tensors[0].cos(), **more)


def check(function, *args, **keywords):
    return check_gradients(adapters.torch(function, "f"), *args, **keywords)


def test_right_gradients_pass():
    assert check(torch.sigmoid, M, order=2).ok
    assert check(torch.matmul, M.astype(np.float32), M.T.astype(np.float32)).ok
    assert check(torch.relu, M - 2.3).ok
    assert check(torch.abs, M + 1j, order=2).ok
    assert check(lambda x, i: x[i], M, np.array([0, 0, 1])).ok
    assert check(sine(), torch.tensor(M), order=2).notes[0].startswith("forward mode: NotImplementedError")


def test_a_factor_of_a_thousandth_is_found():
    with pytest.raises(GradientError, match=r"f, gradient of argument 0.*: a constant factor of 1.001"):
        check(sine(1.001), M)


def test_forward_mode():
    assert check(torch.sin, M).notes == ()
    with pytest.raises(GradientError, match="f, forward mode, element 0"):
        check(sine(jvp=lambda context, t: 2 * t), M)


def two(backward):
    return function(lambda x: (x.sin(), x.cos()), backward)


def test_undefined_gradients_of_results():
    def right(context, g, h):
        (x,) = context.saved_tensors
        return (0 if g is None else g * x.cos()) - (0 if h is None else h * x.sin())

    def careless(context, g, h):
        (x,) = context.saved_tensors
        return g * x.cos() - h * x.sin()

    def wrong(context, g, h):
        (x,) = context.saved_tensors
        return h * x.sin() if g is None else g * x.cos() - (0 if h is None else h * x.sin())

    assert check(two(right), M).ok
    with pytest.raises(GradientError, match=r"when only result 0 has a cotangent \(TypeError"):
        check(two(careless), M)
    with pytest.raises(GradientError, match="another when only result 1 has a cotangent"):
        check(two(wrong), M)


def test_arguments_that_need_no_gradient():
    def backward(context, g):
        a, b = context.saved_tensors
        first, second = context.needs_input_grad
        return g * b if first else None, (g * a if first else 2 * g * a) if second else None

    with pytest.raises(GradientError, match="another when only array 1 requires one"):
        check(function(torch.mul, backward), M, M + 1)


def test_cotangents_that_are_not_contiguous_or_expanded():
    def gaps(context, g):
        return torch.as_strided(g, g.shape, torch.empty(g.shape).stride()) * context.saved_tensors[0].cos()

    def expanded(context, g):
        return (g.sum() / g.numel() if 0 in g.stride() else 2 * g) * context.saved_tensors[0].cos() / 2

    with pytest.raises(GradientError, match="another when the cotangent is not contiguous"):
        check(function(torch.sin, gaps), M)
    with pytest.raises(GradientError, match="another when the cotangent is one number, expanded"):
        check(function(torch.sin, expanded), M)


def test_batches_of_cotangents():
    def batched(context, g):
        factor = 2 if torch._C._functorch.is_legacy_batchedtensor(g) else 1
        return factor * g * context.saved_tensors[0].cos()

    def numpys(context, g):
        return torch.from_numpy(g.numpy() * context.saved_tensors[0].cos().numpy())

    with pytest.raises(GradientError, match="another in a batch of them"):
        check(function(torch.sin, batched), M)
    assert any(
        note.startswith("the gradient in a batch of them:") for note in check(function(torch.sin, numpys), M).notes
    )


@pytest.mark.parametrize("how", ["in place", "behind PyTorch's back", "for nothing"])
def test_writing_into_saved_tensors(how):
    def backward(context, g):
        (x,) = context.saved_tensors
        if how == "in place":
            return g * x.cos_()
        if how == "for nothing":
            return g * x.clamp_(-100, 100).cos()
        cosine = x.cos()
        x.detach().numpy()[...] = 0
        return g * cosine

    with pytest.raises(GradientError, match="the backward pass wrote into a saved tensor"):
        check(function(torch.sin, backward), M)


def test_writing_into_cotangents_and_arguments():
    with pytest.raises(GradientError, match="the backward pass wrote into its cotangent"):
        check(function(torch.sin, lambda context, g: g.mul_(context.saved_tensors[0].cos())), M)
    with pytest.raises(GradientError, match="the function wrote into one of its arguments"):
        check(lambda x: x.mul_(2), M)


def model():
    torch.manual_seed(0)
    parts = (
        torch.nn.Linear(3, 4),
        torch.nn.Tanh(),
        torch.nn.Dropout(0.3),
        torch.nn.BatchNorm1d(4),
        torch.nn.Linear(4, 1),
    )
    return torch.nn.Sequential(*parts)


def test_modules_with_their_parameters():
    module = model()
    mean = module[3].running_mean.clone()
    report = check_gradients(adapters.torch(module), torch.randn(5, 3), order=2)
    assert report.name == "Sequential"
    assert [found.argument for found in report.findings[:7]] == [0, 1, 1, 1, 1, 1, 1]
    assert report.count("pass") >= 15 + 12 + 4 + 4 + 4 + 4 + 1
    assert torch.equal(module[3].running_mean, mean)
    assert next(module.parameters()).dtype == torch.float32


def test_float32_weights_that_a_function_closes_over():
    module = model()
    assert check(lambda x: module(x).sum(), torch.randn(5, 3)).count("pass") == 15
    with pytest.raises(GradientError, match=r"a constant factor of 1\.01"):
        check(lambda x: sine(1.01)(module(x)), torch.randn(5, 3))


def test_bfloat16():
    x = torch.tensor([0.3, -1.5, 2.0]).bfloat16()
    assert check(lambda x: x * x.tanh(), x).count("pass") == 3

    def narrow(context, g):
        return (1.2 if g.dtype == torch.bfloat16 else 1) * g * context.saved_tensors[0].cos()

    with pytest.raises(GradientError, match="off in the arguments' own dtype, but right in a wider one"):
        check(function(torch.sin, narrow), x)


@pytest.mark.parametrize(("dtype", "factor"), [(torch.float16, 1.01), (torch.bfloat16, 1.2)])
def test_a_mistake_in_a_narrow_dtype_alone_is_told_from_its_rounding(dtype, factor):
    def backward(context, g):
        slope = torch.sigmoid(context.saved_tensors[0])
        return (factor if g.dtype == dtype else 1) * g * slope * (1 - slope)

    x = torch.tensor([[0.3, -1.5, 2.0], [0.7, -0.2, 1.1]]).to(dtype)
    assert check(torch.sigmoid, x).ok
    with pytest.raises(GradientError, match="off in the arguments' own dtype, but right in a wider one"):
        check(function(torch.sigmoid, backward), x)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_what_a_narrow_dtype_cannot_hold_is_no_mistake(dtype):
    assert check(lambda x: torch.tanh(3 * x + 4), torch.linspace(-2, 0.5, 6).to(dtype)).ok  # 1 - y², of a y close to 1


def test_what_cannot_be_decided_is_said_in_one_line():
    with pytest.raises(VacuousTestError, match=r"returned no floating-point numbers; .* integers\?"):
        check(lambda x: x.long(), M)
    narrow = check(lambda x: x.bfloat16().tanh().float(), M.astype(np.float32), raise_exception=False)
    assert narrow.count("fail") == 0


def test_a_missing_gradient_is_named():
    with pytest.raises(GradientError, match="missing: it is 0"):
        check(lambda x: x.detach() * 2, M)


def test_drawn_arguments():
    gradient_test(adapters.torch(lambda x, y: torch.sin(x) * y, "product"))()


def test_a_function_of_autograd_needs_no_strategy_and_is_not_remembered():
    class Sine(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            Sine.slope = x.cos()
            return x.sin()

        @staticmethod
        def backward(ctx, g):
            return g * Sine.slope

    with pytest.raises(GradientError, match="another when the function is called with other arguments before"):
        gradient_test(adapters.torch(Sine.apply))()


def test_a_rule_for_vmap():
    class Pull(torch.autograd.Function):
        @staticmethod
        def forward(g, x):
            return 2 * g * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def vmap(info, in_dims, g, x):
            return 3 * g * x, 0

    class Square(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            return Pull.apply(g, *ctx.saved_tensors)

    with pytest.raises(GradientError, match=r"another under `torch\.func\.vmap`"):
        check(Square.apply, M)


def test_dropout_goes_by_memory():
    gradient_test(adapters.torch(lambda x: torch.nn.functional.dropout(x, 0.5)), domain=Domain(-20, 20))()
