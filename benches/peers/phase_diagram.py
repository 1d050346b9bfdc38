#!/usr/bin/env python3
"""Seconds a cell of the two-layer phase diagram by plain gradient descent in JAX: the peer for "time to figure".

It trains what `src/experiments/regime/phase_diagram_two_layer.rs` trains (y = x^2 at four points, mirrored ReLU neurons, the
same representatives, mean square below the same goal), but by explicit steps of a constant rate: a fraction of the
largest stable one at the start, halved whenever the loss blows up or too many neurons die. A fraction of 0.9 leaves RD
0.5 % from that at 0.1 in the median, but in condensed cells up to a factor of two; 0.1, for nine times the steps, is
within 3 % of 0.01 (on 16 cells), and so of gradient flow.

A cell that meets its time limit is extrapolated, by the steps that descent still needed if its kernel stayed as it
is: exact where training is lazy, too many where the kernel still grows. Compilation and the first weights are outside
the clock. It knows nothing of the Rust side.
"""
import argparse
import json
import sys
import time

from peer import limit

# The whole map, with one seed. The figure has six, and besides it trains lines at full width (`--representatives 0`,
# points 0.5:0,1:0,1.75:0) and four points at far widths.
GAMMAS = [0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.1, 1.2, 1.3, 1.4]
GAMMA_PRIMES = [-0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4]
MAP = [(gamma, gamma_prime) for gamma_prime in GAMMA_PRIMES for gamma in GAMMAS]
WIDTHS = [1000, 5000, 10000, 20000, 40000]


class Cell:
    """The normalised network of width m at a point of the phase plane, made of `neurons` and their mirror images."""

    def __init__(self, gamma, gamma_prime, m, neurons):
        self.kappa, self.kappa_prime = float(m) ** -gamma, float(m) ** -gamma_prime
        self.copies, self.neurons = m / neurons, neurons

    def start(self, seed):
        a, w, b = inputs.normals(seed, 3, self.neurons)
        return [jnp.asarray(np.concatenate(pair)) for pair in ((a, -a), (w, w), (b, b))]

    def numbers(self, rate):
        """What the loop takes beside the weights: the factor of f, and the rates of a and of (w, b)."""
        each = rate * self.kappa / len(X)
        return self.kappa * self.copies, each / self.kappa_prime, each * self.kappa_prime

    def kernel(self, p):
        """By which residuals decay: gradient descent multiplies them by 1 - rate * kernel."""
        a, w, b = p
        h = relu(p)
        masked = np.where(h > 0, a, 0.0)
        by_a, by_w = h @ h.T, (np.outer(X, X) + 1.0) * (masked @ masked.T)
        return self.kappa**2 * self.copies / len(X) * (by_a / self.kappa_prime + by_w * self.kappa_prime)

    def residual(self, p):
        return self.kappa * self.copies * (relu(p) @ p[0]) - Y


def relu(p):
    _, w, b = p
    return np.maximum(np.outer(X, w) + b, 0.0)


def descend(p, factor, rate_a, rate_w, goal, ceiling, most):
    """Steps until the mean square is below the goal or above the ceiling: weights, steps, and the mean square there."""

    def residual(p):
        a, w, b = p
        h = jax.nn.relu(X[:, None] * w + b)
        e = factor * (h @ a) - Y
        return h, e, jnp.mean(e * e)

    def on(state):
        _, steps, mean_square = state
        return (mean_square >= goal) & (mean_square <= ceiling) & (steps < most)

    def step(state):
        p, steps, _ = state
        h, e, mean_square = residual(p)
        a, w, b = p
        slope = jnp.where(h > 0, 1.0, 0.0)
        p = [
            a - rate_a * (e @ h),
            w - rate_w * a * ((X * e) @ slope),
            b - rate_w * a * (e @ slope),
        ]
        return p, steps + 1, mean_square

    p, steps, _ = jax.lax.while_loop(on, step, (p, 0, residual(p)[2]))
    return p, steps, residual(p)[2]


def steps_needed(cell, p, rate, goal):
    """Steps to the goal if the kernel stayed as it is."""
    values, modes = np.linalg.eigh(cell.kernel(p))
    along = modes.T @ cell.residual(p)
    # A mode at the edge of stability is not what training waits for.
    decay = np.where(rate * values < 1.9, np.abs(1.0 - rate * values), 0.9)

    def mean_square(steps):
        return np.mean((along * decay**steps) ** 2)

    high = 1.0
    while mean_square(high) >= goal:
        high *= 2.0
        if high > 1e18:
            return float("inf")
    low = 0.0
    while high - low > 1.0:
        middle = (low + high) / 2
        low, high = (middle, high) if mean_square(middle) >= goal else (low, middle)
    return high


def train(loop, cell, seed, goal, seconds, fraction):
    """One training under the clock: a dictionary for the record."""
    p = start = cell.start(seed)
    rate = fraction * 2.0 / float(np.linalg.eigvalsh(cell.kernel(start))[-1])
    first = mean_square = float(np.mean(cell.residual(start) ** 2))
    steps, halvings, restarts, chunk, needed = 0, 0, 0, 1000, np.inf
    began = time.perf_counter()
    while mean_square >= goal and time.perf_counter() - began < seconds:
        before = time.perf_counter()
        last, done, after = jax.block_until_ready(loop(p, *cell.numbers(rate), goal, 2.0 * mean_square, chunk))
        steps += int(done)
        if float(after) <= 2.0 * mean_square:
            p, mean_square = last, float(after)
        else:  # it blew up: on from where this chunk began, slower
            rate, halvings = rate / 2, halvings + 1
        if int(done) == chunk:
            needed = steps_needed(cell, p, rate, goal)
            if needed == np.inf:  # so many neurons died that the rest cannot fit: from the start, slower
                p, mean_square, rate, restarts = start, first, rate / 2, restarts + 1
            if time.perf_counter() - before < 0.1:
                chunk *= 2
    spent = time.perf_counter() - began
    reached = mean_square < goal
    needed = 0.0 if reached else needed
    return {
        "reached": reached,
        "seconds": spent,
        "steps": steps,
        "rate": rate,
        "halvings": halvings,
        "restarts": restarts,
        "mean_square": mean_square,
        "relative_distance": relative_distance(start, p, cell.neurons),
        "steps_still_needed": needed,
        "seconds_to_goal": spent * (1.0 + needed / steps),
        "extrapolated": not reached,
    }


def relative_distance(start, p, neurons):
    """RD of the input weights, over one of the mirrored halves."""
    moved = sum(float(((now - then)[:neurons] ** 2).sum()) for then, now in zip(start[1:], p[1:]))
    return (moved / sum(float((then[:neurons] ** 2).sum()) for then in start[1:])) ** 0.5


def pairs(text):
    return [tuple(float(x) for x in pair.split(":")) for pair in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=pairs, default=MAP, metavar="0.6:0,1.2:0.4", help="gamma:gamma', ...")
    parser.add_argument("--widths", type=lambda text: [int(m) for m in text.split(",")], default=WIDTHS)
    parser.add_argument("--representatives", type=int, default=1000, help="0: every network at its full width")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--goal", type=float, default=1e-6, help="the mean square at which training ends")
    parser.add_argument("--seconds", type=float, default=20.0, help="the time limit of a cell")
    parser.add_argument("--fraction", type=float, default=0.9, help="of the largest stable rate")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=argparse.FileType("w"), default=sys.stdout)
    options = parser.parse_args()
    load(options.threads)

    loop, cells = jax.jit(descend), []
    for m in options.widths:
        for gamma, gamma_prime in options.points:
            neurons = min(m, options.representatives or m)
            cell = Cell(gamma, gamma_prime, m, neurons)
            jax.block_until_ready(loop(cell.start(options.seed), *cell.numbers(0.0), options.goal, 1.0, 2))
            result = train(loop, cell, options.seed, options.goal, options.seconds, options.fraction)
            cells.append({"gamma": gamma, "gamma_prime": gamma_prime, "m": m, "neurons": 2 * neurons} | result)
        seconds = [cell["seconds_to_goal"] for cell in cells if cell["m"] == m]
        late = sum(cell["extrapolated"] for cell in cells if cell["m"] == m)
        each = f"{sum(seconds) / len(seconds):.3g} s a cell, at most {max(seconds):.3g}"
        print(f"m = {m}: {len(seconds)} cells, {each}; {late} of them extrapolated", file=sys.stderr)
    record = {
        "peer": "jax",
        "version": jax.__version__,
        "threads": options.threads,
        "goal": options.goal,
        "fraction": options.fraction,
        "seconds_limit": options.seconds,
        "seed": options.seed,
        "seconds_total": sum(cell["seconds_to_goal"] for cell in cells),
        "extrapolated": sum(cell["extrapolated"] for cell in cells),
        "cells": cells,
    }
    json.dump(record, options.json, indent=1)
    print(file=options.json)


def load(threads):
    """Imports the libraries once the number of threads is known to all."""
    global jax, jnp, np, inputs, X, Y
    limit(threads)
    import jax
    import numpy as np
    from jax import numpy as jnp

    import inputs

    jax.config.update("jax_enable_x64", True)
    X = np.linspace(-0.5, 0.5, 4)
    Y = X * X


if __name__ == "__main__":
    sys.exit(main())
