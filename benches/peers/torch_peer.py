"""The workloads in PyTorch: automatic gradients, eagerly or with the whole step compiled.

It knows neither clock nor protocol (`peer.py`).
"""
import itertools
import types

import torch
from torch.nn import functional as F

import inputs

VERSION = torch.__version__
COPIES = itertools.count()


def tensor(x):
    return torch.from_numpy(x) if hasattr(x, "dtype") else x


def half_mean_square(f, y):
    return 0.5 * ((f - y) ** 2).mean()


def two_layer(act, scale=1.0):
    def loss(p, x, y):
        a, w, b = p
        z = x @ w if x.dim() == 2 else x[:, None] * w
        return half_mean_square(act(z + b) @ a * scale, y)

    return loss


def three_layer(p, x, y):
    w, b, hidden, c, a = p
    return half_mean_square(torch.relu(torch.relu(x[:, None] * w + b) @ hidden + c) @ a, y)


def cells(p, x, y, kappa):
    """The sum over cells, as the gradient of each is to be its own."""
    a, w, b = p
    h = torch.relu(x[:, None] * w[:, None] + b[:, None])
    f = torch.bmm(h, a[:, :, None])[:, :, 0] * kappa
    return 0.5 * ((f - y) ** 2).mean(1).sum()


def convolution(p, x, y):
    kernel, shift, linear, bias = p
    h = torch.relu(F.conv2d(x, kernel, shift)).flatten(1)
    return F.cross_entropy(h @ linear.T + bias, y)


def attention(p, x, y):
    *heads, output, classifier = p
    batch, tokens, width = x.shape
    q, k, v = ((x @ m).view(batch, tokens, inputs.HEADS, -1).transpose(1, 2) for m in heads)
    weights = torch.softmax(q @ k.transpose(2, 3) / q.shape[3] ** 0.5, 3)
    z = (weights @ v).transpose(1, 2).reshape(batch, tokens, width) @ output
    return F.cross_entropy(z.mean(1) @ classifier, y)


def descend(loss):
    def train(p, steps, data, rates):
        for value in p:
            value.requires_grad_(True)
        for _ in range(steps):
            gradients = torch.autograd.grad(loss(p, *data), p)
            with torch.no_grad():
                for value, g, rate in zip(p, gradients, rates):
                    value.sub_(g, alpha=rate) if isinstance(rate, float) else value.sub_(rate * g)
        return p

    return train


def adam(loss):
    def train(p, steps, data, rates):
        for value in p:
            value.requires_grad_(True)
        beta1, beta2, eps = inputs.ADAM.values()
        optimiser = torch.optim.Adam(p, lr=rates[0], betas=(beta1, beta2), eps=eps, fused=True)
        for _ in range(steps):
            optimiser.zero_grad(set_to_none=True)
            loss(p, *data).backward()
            optimiser.step()
        return p

    return train


def compiled(step):
    """A compiled copy with code of its own: otherwise all workloads would share one limited, searched cache."""
    code = step.__code__.replace(co_name=f"step_{next(COPIES)}")
    copy = types.FunctionType(code, step.__globals__, code.co_name, None, step.__closure__)
    return torch.compile(copy, dynamic=False)


def descend_compiled(loss):
    gradient = torch.func.grad(loss)

    def step(p, data, rates):
        return [value - rate * g for value, g, rate in zip(p, gradient(p, *data), rates)]

    step = compiled(step)

    def train(p, steps, data, rates):
        rates = scalars(rates, p)
        with torch.no_grad():
            for _ in range(steps):
                p = step(p, data, rates)
        return p

    return train


def adam_compiled(loss):
    gradient = torch.func.grad(loss)
    beta1, beta2, eps = inputs.ADAM.values()

    def step(p, first, second, power1, power2, data, rates):
        power1, power2 = beta1 * power1, beta2 * power2
        gradients = gradient(p, *data)
        first = [beta1 * m + (1 - beta1) * g for m, g in zip(first, gradients)]
        second = [beta2 * v + (1 - beta2) * g * g for v, g in zip(second, gradients)]
        size, root = rates[0] / (1 - power1), torch.sqrt(1 - power2)
        p = [value - size * m / (torch.sqrt(v) / root + eps) for value, m, v in zip(p, first, second)]
        return p, first, second, power1, power2

    step = compiled(step)

    def train(p, steps, data, rates):
        rates, ones = scalars(rates, p), scalars([1.0, 1.0], p)
        state = p, [torch.zeros_like(v) for v in p], [torch.zeros_like(v) for v in p], *ones
        with torch.no_grad():
            for _ in range(steps):
                state = step(*state, data, rates)
        return state[0]

    return train


def scalars(rates, p):
    """Compiled code takes numbers as tensors, or is made anew for each."""
    return [torch.as_tensor(rate, dtype=p[0].dtype) for rate in rates]


def training(loss, data, start, train, rates):
    """What `peer.py` asks for: fresh weights, the loop under the clock, and the loss after it."""
    data, start = [tensor(x) for x in data], [tensor(p) for p in start]

    def measure(p):
        with torch.no_grad():
            return loss(p, *data).item()

    return lambda: [p.clone() for p in start], lambda p, steps: train(p, steps, data, rates), measure


def cells_training(train, chunk=100):
    """So many cells at once that they stay in cache, as a batch."""
    x, y, start, kappa, rate_a, rate_w = inputs.w4()
    parts = []
    for first in range(0, len(kappa), chunk):
        some = slice(first, first + chunk)
        rates = [tensor(rate[some, None]) for rate in (rate_a, rate_w, rate_w)]
        parts.append(training(cells, (x, y, kappa[some, None]), [p[some] for p in start], train, rates))

    def start_all():
        return [start() for start, _, _ in parts]

    def train_all(states, steps):
        return [train(state, steps) for (_, train, _), state in zip(parts, states)]

    def mean_loss(states):
        return sum(loss(state) for (_, _, loss), state in zip(parts, states)) / len(kappa)

    return start_all, train_all, mean_loss


def workloads(manner, threads):
    """Name to maker."""
    torch.set_num_threads(threads)
    descending_by, adam_by = (descend_compiled, adam_compiled) if manner == "compile" else (descend, adam)

    def descending(name, loss, make, scale=1.0):
        def maker():
            *data, start = make()
            return training(loss, data, start, descending_by(loss), [inputs.RATE[name] / scale] * len(start))

        return maker

    def w2():
        x, y, start = inputs.w1()
        loss = two_layer(torch.tanh)
        return training(loss, (x, y), start, adam_by(loss), [inputs.RATE["W2"]])

    w3 = {
        f"W3_{m}": descending("W3", two_layer(torch.relu, 1.0 / m), lambda m=m: inputs.w3(m), 1.0 / m)
        for m in (1000, 10000, 100000)
    }
    return {
        "W1": descending("W1", two_layer(torch.tanh), inputs.w1),
        "W2": w2,
        **w3,
        "W4": lambda: cells_training(descending_by(cells)),
        "W5": descending("W5", two_layer(torch.tanh), inputs.w5),
        "W6": descending("W6", three_layer, inputs.w6),
        "W7": descending("W7", convolution, inputs.w7),
        "W8": descending("W8", attention, inputs.w8),
    }
