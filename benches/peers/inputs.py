"""The starts of the workloads W1 to W8: data and initial weights, the same bits in every language.

Only exact integer steps and single IEEE operations in a stated order are used. It knows no library but NumPy,
and nothing of how a workload is trained.
"""
import numpy as np

RATE = {"W1": 0.05, "W2": 1e-3, "W3": 0.02, "W5": 0.02, "W6": 0.01, "W7": 0.05, "W8": 0.1}
ADAM = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}  # W2
HEADS = 4  # W8


def uniforms(seed, count):
    """Splitmix64 as a counter: the top 53 bits of each word, on [0, 1)."""
    word = np.uint64
    with np.errstate(over="ignore"):
        z = word(seed) * word(0xD1342543DE82EF95) + np.arange(1, count + 1, dtype=word) * word(0x9E3779B97F4A7C15)
        z = (z ^ (z >> word(30))) * word(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> word(27))) * word(0x94D049BB133111EB)
        z = z ^ (z >> word(31))
    return (z >> word(11)).astype(np.float64) * 2.0**-53


def normals(seed, *shape):
    """Nearly normal: twelve uniforms, added one after the other, less six."""
    draws = uniforms(seed, 12 * int(np.prod(shape))).reshape(-1, 12)
    total = np.zeros(len(draws))
    for k in range(12):
        total += draws[:, k]
    return (total - 6.0).reshape(shape)


def grid(n):
    return -1.0 + 2.0 * np.arange(n) / (n - 1)


def target(x):
    return 2.5 * x / (1.0 + 6.25 * x * x)


def line(n):
    """Points and targets of the problems in one variable."""
    return grid(n), target(grid(n))


def w1():
    """Two-layer tanh, m = 500, n = 60 (W2 too): x, y and [a, w, b]."""
    return *line(60), list(0.1 * normals(1, 3, 500))


def w3(m):
    """Two-layer ReLU in the mean field, f = (1/m) sum a relu(w x + b), n = 20; the rate is multiplied by m."""
    return *line(20), list(normals(3, 3, m))


def w4():
    """The phase plane, 20 x 20 points and 3 seeds: 1200 cells of f = kappa sum a relu(w x + b), m = 1000, n = 4.

    kappa = m^-gamma and kappa' = m^-gamma' are rounded to powers of two. Returns x, y, [a, w, b] of shape
    (cells, m), and for each cell kappa and the rates of a and of (w, b); these have their mobilities 1/kappa'
    and kappa' in them.
    """
    m, side, seeds = 1000, 20, 3
    weights, kappas, rates = [], [], []
    for i in range(side):
        for j in range(side):
            gamma, gamma_prime = 0.5 + 1.5 * i / (side - 1), -1.0 + 2.0 * j / (side - 1)
            kappa, kappa_prime = (2.0 ** np.floor(-g * 10 + 0.5) for g in (gamma, gamma_prime))
            # The largest power of two below a quarter of the inverse of about the top eigenvalue: stable.
            rate = 2.0 ** np.floor(np.log2(0.25 / (kappa * kappa * m * (kappa_prime + 1.0 / kappa_prime))))
            for s in range(seeds):
                weights.append(normals(100 + (i * side + j) * seeds + s, 3, m))
                kappas.append(kappa)
                rates.append((rate / kappa_prime, rate * kappa_prime))
    rate_a, rate_w = np.array(rates).T.copy()
    return *line(4), list(np.stack(weights, 1)), np.array(kappas), rate_a, rate_w


def w5():
    """Two-layer tanh in five variables, m = 100, n = 80: X (n, d), y and [a, W (d, m), b]."""
    m, d, n = 100, 5, 80
    x = 2.0 * uniforms(50, n * d).reshape(n, d) - 1.0
    y = target(x[:, 0] + x[:, 1] + x[:, 2] + x[:, 3] + x[:, 4]) + 0.25 * x[:, 0] * x[:, 1]
    p = 0.3 * normals(5, m * (d + 2))
    return x, y, [p[:m], p[m : m + m * d].reshape(d, m), p[m + m * d :]]


def w6():
    """Three-layer ReLU, m = 1000, n = 20: x, y and [w1, b1, W2 (in, out), b2, a]."""
    m = 1000
    first, hidden, last = normals(6, 2, m), normals(7, m, m), normals(8, 2, m)
    s = 1.0 / np.sqrt(m)
    return *line(20), [first[0], first[1], hidden * s, 0.1 * last[0], last[1] * s]


def w7():
    """Convolution 5 x 5 to 32 channels, ReLU, one linear layer, cross entropy; f32, batch of 500 images 28 x 28.

    X (batch, 1, 28, 28), classes, and [kernel (32, 1, 5, 5), its bias, W (10, 32 * 24 * 24), its bias].
    """
    batch, image, channels, k = 500, 28, 32, 5
    features = channels * (image - k + 1) ** 2
    x = uniforms(70, batch * image * image).reshape(batch, 1, image, image)
    kernel, linear = 0.1 * normals(72, channels, 1, k, k), 0.01 * normals(73, 10, features)
    return f32(x), classes(71, batch), [f32(p) for p in (kernel, np.zeros(channels), linear, np.zeros(10))]


def w8():
    """Attention of width 64 with 4 heads over 16 tokens, mean, one linear layer, cross entropy; f32, batch of 128.

    X (batch, tokens, width), classes, and [query, key, value, output (width, width), classifier (width, 10)].
    """
    batch, tokens, width = 128, 16, 64
    square = [0.1 * normals(82 + i, width, width) for i in range(4)]
    weights = [*square, 0.1 * normals(90, width, 10)]
    return f32(normals(80, batch, tokens, width)), classes(81, batch), [f32(p) for p in weights]


def classes(seed, count):
    return (uniforms(seed, count) * 10).astype(np.int64)


def f32(x):
    return x.astype(np.float32)
