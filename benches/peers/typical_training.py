#!/usr/bin/env python3
"""Seconds of the wide training of `typical-training` by plain gradient descent in JAX: the peer for "time to figure".

It trains what `src/experiments/training/typical_training.rs` trains (three tanh steps at 50 points on [-15, 15], 500 neurons,
N(0, m^-3)) with the source's rate and for the source's epochs, all of them in one compiled loop, with gradients by hand. The
figure follows the same descent by the gradient flow; it runs two more trainings besides. Compilation is outside the clock.
"""
import argparse
import json
import sys
import time

from peer import limit


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--width", type=int, default=500)
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--rate", type=float, default=0.005)
    parser.add_argument("--epochs", type=int, default=300_000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    limit(options.threads)
    import jax
    import numpy as np
    from jax import numpy as jnp

    import inputs

    jax.config.update("jax_enable_x64", True)
    x = np.linspace(-15.0, 15.0, options.samples)
    y = np.tanh(x - 7.0) + np.tanh(x) + np.tanh(x + 7.0)
    start = [jnp.asarray(p) for p in options.width**-1.5 * inputs.normals(1, 3, options.width)]
    step = 2.0 * options.rate / options.samples

    def epoch(_, p):
        a, w, b = p
        h = jnp.tanh(x[:, None] * w + b)
        e = h @ a - y
        slope = 1.0 - h * h
        return [a - step * (e @ h), w - step * a * ((x * e) @ slope), b - step * a * (e @ slope)]

    descend = jax.jit(lambda p, epochs: jax.lax.fori_loop(0, epochs, epoch, p))
    jax.block_until_ready(descend(start, 2))
    began = time.perf_counter()
    a, w, b = jax.block_until_ready(descend(start, options.epochs))
    seconds = time.perf_counter() - began
    loss = float(jnp.mean((jnp.tanh(x[:, None] * w + b) @ a - y) ** 2))
    record = {"peer": "jax", "version": jax.__version__, "threads": options.threads, "epochs": options.epochs}
    json.dump(record | {"seconds": seconds, "loss": loss}, sys.stdout)
    print()


if __name__ == "__main__":
    sys.exit(main())
