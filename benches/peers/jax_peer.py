"""The workloads in JAX: double precision, the whole loop jitted, gradients automatic or by hand.

It knows neither clock nor protocol (`peer.py`).
"""
import jax
import numpy as np
from jax import lax
from jax import numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec

import inputs

jax.config.update("jax_enable_x64", True)
VERSION = jax.__version__


def half_mean_square(f, y):
    return 0.5 * jnp.mean((f - y) ** 2)


def before_activation(x, w, b):
    return (x @ w if x.ndim == 2 else x[:, None] * w) + b


def two_layer(act):
    def loss(p, x, y, scale=1.0):
        a, w, b = p
        return half_mean_square(act(before_activation(x, w, b)) @ a * scale, y)

    return loss


def two_layer_by_hand(act, slope):
    """The gradient of `two_layer`; that no array but h and its slope is as large as h is what makes it quick."""

    def gradient(p, x, y, scale=1.0):
        a, w, b = p
        h = act(before_activation(x, w, b))
        r = (h @ a * scale - y) * (scale / len(y))
        s = slope(h)
        return [r @ h, a * ((x.T * r) @ s), a * (r @ s)]

    return gradient


def tanh_slope(h):
    return 1.0 - h * h


def relu_slope(h):
    return jnp.where(h > 0, 1.0, 0.0)


def three_layer(p, x, y):
    w, b, hidden, c, a = p
    return half_mean_square(jax.nn.relu(jax.nn.relu(x[:, None] * w + b) @ hidden + c) @ a, y)


def cross_entropy(logits, y):
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1))


def convolution(p, x, y):
    kernel, shift, linear, bias = p
    h = lax.conv(x, kernel, (1, 1), "VALID") + shift[:, None, None]
    return cross_entropy(jax.nn.relu(h).reshape(len(x), -1) @ linear.T + bias, y)


def attention(p, x, y):
    *heads, output, classifier = p
    batch, tokens, width = x.shape
    q, k, v = ((x @ m).reshape(batch, tokens, inputs.HEADS, -1).transpose(0, 2, 1, 3) for m in heads)
    weights = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / q.shape[3] ** 0.5, -1)
    z = (weights @ v).transpose(0, 2, 1, 3).reshape(batch, tokens, width) @ output
    return cross_entropy(z.mean(1) @ classifier, y)


def descend(gradient, p, data, rates, steps):
    def step(_, p):
        return [value - rate * g for value, g, rate in zip(p, gradient(p, *data), rates)]

    return lax.fori_loop(0, steps, step, p)


def adam(gradient, p, data, rates, steps):
    beta1, beta2, eps = inputs.ADAM.values()

    def step(_, state):
        p, first, second, power1, power2 = state
        power1, power2 = beta1 * power1, beta2 * power2
        gradients = gradient(p, *data)
        first = [beta1 * m + (1 - beta1) * g for m, g in zip(first, gradients)]
        second = [beta2 * v + (1 - beta2) * g * g for v, g in zip(second, gradients)]
        size, root = rates[0] / (1 - power1), jnp.sqrt(1 - power2)
        p = [value - size * m / (jnp.sqrt(v) / root + eps) for value, m, v in zip(p, first, second)]
        return p, first, second, power1, power2

    zeros = [jnp.zeros_like(v) for v in p]
    return lax.fori_loop(0, steps, step, (p, zeros, zeros, 1.0, 1.0))[0]


def training(loss, gradient, data, start, rate, optimiser=descend):
    """What `peer.py` asks for: fresh weights, the loop under the clock, and the loss after it."""
    data, start = [jnp.asarray(x) for x in data], [jnp.asarray(p) for p in start]
    rates = [start[0].dtype.type(rate)] * len(start)
    loop = jax.jit(lambda p, data, steps: optimiser(gradient, p, data, rates, steps))
    measure = jax.jit(loss)
    # Weights are never changed in place, so there is nothing to copy.
    return lambda: start, lambda p, steps: jax.block_until_ready(loop(p, data, steps)), lambda p: measure(p, *data)


def cells_training(loss, gradient, mapped, threads):
    """All cells in one program; with more threads than one, each has an equal part of them."""
    x, y, *cells = inputs.w4()
    mesh = jax.make_mesh((threads,), ("cells",))
    every, whole = PartitionSpec("cells"), PartitionSpec()
    start, *constants = jax.device_put(cells, NamedSharding(mesh, every))

    def one(cell, steps):
        p, kappa, rate_a, rate_w = cell
        return descend(gradient, p, (x, y, kappa), [rate_a, rate_w, rate_w], steps)

    def part(cells, steps):
        return mapped(lambda cell: one(cell, steps), cells)

    loop = jax.jit(jax.shard_map(part, mesh=mesh, in_specs=(every, whole), out_specs=every))
    losses = jax.jit(jax.vmap(lambda p, kappa: loss(p, x, y, kappa)))

    def train(p, steps):
        return jax.block_until_ready(loop((p, *constants), steps))

    return lambda: start, train, lambda p: np.mean(losses(p, constants[0]))


def workloads(manner, threads):
    """Name to maker."""
    tanh, relu = two_layer(jnp.tanh), two_layer(jax.nn.relu)
    by_tanh, by_relu = jax.grad(tanh), jax.grad(relu)
    if manner == "hand":
        by_tanh, by_relu = two_layer_by_hand(jnp.tanh, tanh_slope), two_layer_by_hand(jax.nn.relu, relu_slope)
    if manner == "vmap":
        return {"W4": lambda: cells_training(relu, by_relu, lambda f, cells: jax.vmap(f)(cells), threads)}

    def descending(name, loss, make, gradient=None):
        def maker():
            *data, start = make()
            return training(loss, gradient or jax.grad(loss), data, start, inputs.RATE[name])

        return maker

    def w2():
        x, y, start = inputs.w1()
        return training(tanh, by_tanh, (x, y), start, inputs.RATE["W2"], adam)

    def w3(m):
        x, y, start = inputs.w3(m)
        return training(relu, by_relu, (x, y, 1.0 / m), start, inputs.RATE["W3"] * m)

    two_layers = {
        "W1": descending("W1", tanh, inputs.w1, by_tanh),
        "W2": w2,
        **{f"W3_{m}": lambda m=m: w3(m) for m in (1000, 10000, 100000)},
        "W4": lambda: cells_training(relu, by_relu, lax.map, threads),
        "W5": descending("W5", tanh, inputs.w5, by_tanh),
    }
    if manner == "hand":
        return two_layers
    return two_layers | {
        "W6": descending("W6", three_layer, inputs.w6),
        "W7": descending("W7", convolution, inputs.w7),
        "W8": descending("W8", attention, inputs.w8),
    }
