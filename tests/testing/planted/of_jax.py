"""Wrong `custom_vjp`s and `custom_jvp`s."""

import functools

import jax
import jax.numpy as jnp

from tests.testing.planted.planting import ONE, planting, shaped
from tinygrad_lab.testing import adapters

plant = planting("JAX")
THREE_LONG = shaped((3,))


def adapted(name, drawn=ONE):
    """Decorate what makes a function of JAX arrays."""
    return lambda make: plant.of("jax", name, drawn)(lambda: adapters.jax(make(), "planted"))


def reverse(f, backward, forward=None):
    """Return a function with a custom_vjp."""
    made = jax.custom_vjp(f)
    made.defvjp(forward or (lambda *xs: (f(*xs), xs)), backward)
    return made


def changed(name, change, drawn=THREE_LONG):
    """Plant a gradient of sin that `change(gradient, g, x)` makes something else of."""
    adapted(name, drawn)(lambda: reverse(jnp.sin, lambda kept, g: (change(g * jnp.cos(kept[0]), g, kept[0]),)))


def forwards(f, tangents):
    """Return a function with a custom_jvp."""
    made = jax.custom_jvp(f)
    made.defjvp(tangents)
    return made


changed("×1.001 where negative", lambda c, g, x: jnp.where(x < 0, 1.001 * c, c))
changed("cotangent with one number", lambda c, g, x: jnp.where((g.size > 1) & (jnp.count_nonzero(g) == 1), 1.01 * c, c))
changed("cotangent of minus ones", lambda c, g, x: jnp.where(jnp.all(g == -1), 1.01 * c, c))
changed("second half of a long axis", lambda c, g, x: jnp.where(jnp.arange(17) > 15, 1.01 * c, c), shaped((17,)))


@adapted("value is another when it is recorded", shaped((3,)))
def _():
    return reverse(jnp.sin, lambda r, g: (g * jnp.cos(r[0]),), lambda x: (1.001 * jnp.sin(x), (x,)))


@adapted("custom_jvp, value is another", shaped((3,)))
def _():
    p = jax.custom_jvp(jnp.sin)
    p.defjvp(lambda p, t: (1.001 * jnp.sin(p[0]), t[0] * jnp.cos(p[0])))
    return p


@adapted("custom_jvp, second argument's tangent left out", shaped((3,), (3,)))
def _():
    p = jax.custom_jvp(lambda a, b: a * b)
    p.defjvp(lambda p, t: (p[0] * p[1], t[0] * p[1]))
    return p


@adapted("second order alone: by 1.01", shaped((3,)))
def _():
    c = reverse(jnp.cos, lambda r, g: (-1.01 * g * jnp.sin(r[0]),))
    return reverse(jnp.sin, lambda r, g: (g * c(r[0]),))


@adapted("dict argument, leaves exchanged", shaped((3,)))
def _():
    f = reverse(
        lambda d: d["a"] * jnp.sin(d["b"]),
        lambda r, g: ({"a": g * r[0]["a"] * jnp.cos(r[0]["b"]), "b": g * jnp.sin(r[0]["b"])},),
    )
    return lambda x: f({"a": x, "b": 2 * x})


@adapted("only when traced", shaped((3,)))
def _():
    return reverse(jnp.sin, lambda r, g: (g * jnp.cos(r[0]) * (1.01 if isinstance(g, jax.core.Tracer) else 1),))


@adapted("only when not traced", shaped((3,)))
def _():
    return reverse(jnp.sin, lambda r, g: (g * jnp.cos(r[0]) * (1 if isinstance(g, jax.core.Tracer) else 1.01),))


@adapted("residual in bfloat16", shaped((3,)))
def _():
    return reverse(
        jnp.sin, lambda c, g: (g * c.astype(g.dtype),), lambda x: (jnp.sin(x), jnp.cos(x).astype(jnp.bfloat16))
    )


@adapted("custom_vjp 1.001")
def _():
    return reverse(jnp.sin, lambda r, g: (g * jnp.cos(r[0]) * 1.001,))


@adapted("custom_vjp residual is y")
def _():
    return reverse(jnp.tanh, lambda y, g: (g * (1 - y),), lambda x: (jnp.tanh(x), jnp.tanh(x)))


@adapted("custom_vjp float32 1.0005")
def _():
    return reverse(jnp.sin, lambda r, g: (g * jnp.cos(r[0]) * (1.0005 if r[0].dtype == jnp.float32 else 1),))


@adapted("custom_jvp 1.001")
def _():
    return forwards(jnp.sin, lambda p, t: (jnp.sin(p[0]), t[0] * jnp.cos(p[0]) * 1.001))


@adapted("custom_jvp nonlinear")
def _():
    return forwards(jnp.sin, lambda p, t: (jnp.sin(p[0]), jnp.sin(t[0]) * jnp.cos(p[0])))


@adapted("second order: stop_gradient in bwd")
def _():
    return reverse(jnp.sin, lambda r, g: (g * jax.lax.stop_gradient(jnp.cos(r[0])),))


@adapted("jitted, stop_gradient")
def _():
    return jax.jit(lambda x: x * jax.lax.stop_gradient(jnp.tanh(x)))


@adapted("where NaN")
def _():
    return lambda x: jnp.where(x > 0, jnp.sqrt(x), 0)


@adapted("custom_vjp second argument zero", shaped((3,), (3,)))
def _():
    return reverse(lambda a, b: a * b, lambda r, g: (g * r[1], jnp.zeros_like(r[1])))


@adapted("vmap rule wrong: custom_vmap")
def _():

    @jax.custom_batching.custom_vmap
    def mul(g, c):
        return g * c

    @mul.def_vmap
    def _v(size, b, g, c):
        return (g * c * 2, True)

    return reverse(jnp.sin, lambda r, g: (mul(g, jnp.cos(r[0])),))


@adapted("callback detached")
def _():
    return lambda x: x * jax.lax.stop_gradient(jnp.exp(-x * x))


@adapted("custom_vjp, g clipped to ±1.4")
def _():
    return reverse(lambda x: 3 * x, lambda r, g: (3 * jnp.clip(g, -1.4, 1.4),))


@adapted("scan with wrong carry detached", shaped((3,)))
def _():
    return lambda x: jax.lax.scan(lambda c, _: (jnp.sin(jax.lax.stop_gradient(c) + x), None), x * 0, None, length=3)[0]


@adapted("nondiff_argnums dropped factor")
def _():

    @functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
    def f(n, x):
        return x**n

    f.defvjp(lambda n, x: (x**n, x), lambda n, x, g: (g * x ** (n - 1),))
    return lambda x: f(3, x)


@adapted("sort, ties, by 1.001", shaped((4,)))
def _():
    return reverse(
        jnp.max,
        lambda r, g: (
            g
            * (r[0] == jnp.max(r[0]))
            / jnp.sum(r[0] == jnp.max(r[0]))
            * jnp.where(jnp.sum(r[0] == jnp.max(r[0])) > 1, 1.001, 1.0),
        ),
    )
