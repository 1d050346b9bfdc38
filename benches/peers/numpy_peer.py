"""The workloads in NumPy: gradients by hand, matrix products where they help, work space used again.

W7 and W8 are left out, for nobody would train them in NumPy. It knows neither clock nor protocol (`peer.py`).
"""
import numpy as np

import inputs

VERSION = np.__version__


def tanh(h, slope):
    """Turns what comes in into its activation, and fills its slope."""
    np.tanh(h, out=h)
    np.multiply(h, h, out=slope)
    np.subtract(1.0, slope, out=slope)


def relu(h, slope):
    np.maximum(h, 0.0, out=h)
    np.sign(h, out=slope)


class TwoLayer:
    """Half the mean square of f - y, for f(x) = scale sum a act(w x + b); the bias is the last row of w."""

    def __init__(self, act, x, y, width, scale=1.0):
        self.act, self.y, self.scale = act, y, scale
        self.x = with_bias(x)
        self.h, self.slope = np.empty((2, len(y), width))

    def residual(self, a, w):
        np.matmul(self.x, w, out=self.h)
        self.act(self.h, self.slope)
        return self.scale * (self.h @ a) - self.y

    def gradient(self, a, w):
        r = self.residual(a, w) * (self.scale / len(self.y))
        return r @ self.h, (self.x * r[:, None]).T @ self.slope * a

    def loss(self, a, w):
        return 0.5 * np.mean(self.residual(a, w) ** 2)


class ThreeLayer:
    """The same for f(x) = a relu(W relu(w x + b) + c)."""

    def __init__(self, x, y, width):
        self.x, self.y = with_bias(x), y
        self.h1, self.s1, self.h2, self.s2 = np.empty((4, len(y), width))
        self.by_hidden = np.empty((width, width))

    def residual(self, w, hidden, c, a):
        np.matmul(self.x, w, out=self.h1)
        relu(self.h1, self.s1)
        np.matmul(self.h1, hidden, out=self.h2)
        self.h2 += c
        relu(self.h2, self.s2)
        return self.h2 @ a - self.y

    def gradient(self, w, hidden, c, a):
        r = self.residual(w, hidden, c, a) / len(self.y)
        d2 = self.s2 * a * r[:, None]
        d1 = self.s1 * (d2 @ hidden.T)
        np.matmul(self.h1.T, d2, out=self.by_hidden)
        return self.x.T @ d1, self.by_hidden, d2.sum(0), r @ self.h2

    def loss(self, *p):
        return 0.5 * np.mean(self.residual(*p) ** 2)


def with_bias(x):
    return np.column_stack([x, np.ones(len(x))])


def descend(net, p, rates, steps):
    for _ in range(steps):
        for value, step, rate in zip(p, net.gradient(*p), rates):
            step *= rate
            value -= step


def adam(net, p, rate, steps):
    beta1, beta2, eps = inputs.ADAM.values()
    first, second = [np.zeros_like(v) for v in p], [np.zeros_like(v) for v in p]
    for t in range(1, steps + 1):
        size, root = rate / (1 - beta1**t), np.sqrt(1 - beta2**t)
        for value, m, v, g in zip(p, first, second, net.gradient(*p)):
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * g * g
            value -= size * m / (np.sqrt(v) / root + eps)


def training(net, start, optimiser, rates):
    """What `peer.py` asks for: fresh weights, the loop under the clock, and the loss after it."""

    def train(p, steps):
        optimiser(net, p, rates, steps)
        return p

    return lambda: [v.copy() for v in start], train, lambda p: net.loss(*p)


def two_layer(name, act, data, optimiser=descend, scale=1.0):
    x, y, (a, w, b) = data
    rate = inputs.RATE[name] / scale
    net = TwoLayer(act, x, y, len(a), scale)
    return training(net, [a, np.vstack([w, b])], optimiser, rate if optimiser is adam else [rate] * 2)


def three_layer():
    x, y, (w, b, *rest) = inputs.w6()
    return training(ThreeLayer(x, y, len(w)), [np.stack([w, b]), *rest], descend, [inputs.RATE["W6"]] * 4)


def cells():
    """One cell after the other: so everything stays in cache."""
    x, y, (a, w, b), kappas, *rates = inputs.w4()
    start = [a, np.stack([w, b], 1)]
    net, rates = TwoLayer(relu, x, y, a.shape[1]), np.stack(rates, 1)

    def train(p, steps):
        for kappa, rate, *cell in zip(kappas, rates, *p):
            net.scale = kappa
            descend(net, cell, rate, steps)
        return p

    def loss(p):
        total = 0.0
        for kappa, *cell in zip(kappas, *p):
            net.scale = kappa
            total += net.loss(*cell)
        return total / len(kappas)

    return lambda: [v.copy() for v in start], train, loss


def workloads(manner, threads):
    """Name to maker; there is one manner, and BLAS has its threads from the environment."""
    w3 = {f"W3_{m}": lambda m=m: two_layer("W3", relu, inputs.w3(m), scale=1.0 / m) for m in (1000, 10000, 100000)}
    return {
        "W1": lambda: two_layer("W1", tanh, inputs.w1()),
        "W2": lambda: two_layer("W2", tanh, inputs.w1(), adam),
        **w3,
        "W4": cells,
        "W5": lambda: two_layer("W5", tanh, inputs.w5()),
        "W6": three_layer,
    }
