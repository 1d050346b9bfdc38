"""W1, W3 and W5 by plain loops in C (`plain.c`), one thread: what a compiler makes of them that may, or may not, change
the order of sums. It knows neither clock nor protocol (`peer.py`).
"""
import ctypes
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import inputs

SOURCE = Path(__file__).resolve().parent / "plain.c"
MANNERS = {"fast": ["-ffast-math", "-fopenmp-simd"], "strict": ["-ffp-contract=off"]}
COMMAND = ["cc", "-O3", "-march=native", "-mprefer-vector-width=512"]
try:
    VERSION = subprocess.run(["cc", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
except OSError as error:
    raise ImportError(f"no C compiler: {error}") from None


def compiled(manner):
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "plain.so"
        subprocess.run([*COMMAND, *MANNERS[manner], "-shared", "-fPIC", SOURCE, "-lm", "-o", library], check=True)
        return ctypes.CDLL(str(library))


def training(network, data, rate, scale=1.0):
    """What `peer.py` asks for. The loss is of the weights as they stand, so it is asked for with no steps."""
    x, y, start = data
    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
    m, n = len(start[0]), len(y)
    h, g = np.empty((n, m)), np.empty((2 + start[1].size // m, m))
    network.restype = ctypes.c_double

    def run(p, steps):
        pointers = [ctypes.c_void_p(v.ctypes.data) for v in (x, y, *p)]
        numbers = [ctypes.c_double(v) for v in (scale, rate)]
        room = [ctypes.c_void_p(v.ctypes.data) for v in (h, g)]
        return network(m, n, *pointers, *numbers, ctypes.c_long(steps), *room)

    def train(p, steps):
        run(p, steps)
        return p

    return lambda: [v.copy() for v in start], train, lambda p: run(p, 0)


def workloads(manner, threads):
    """Name to maker. One thread, however many there are: so at two it is left out."""
    if threads > 1:
        return {}
    library = compiled(manner)
    w3 = {
        f"W3_{m}": lambda m=m: training(library.relu_1, inputs.w3(m), inputs.RATE["W3"] * m, 1.0 / m)
        for m in (1000, 10000, 100000)
    }
    return {
        "W1": lambda: training(library.tanh_1, inputs.w1(), inputs.RATE["W1"]),
        **w3,
        "W5": lambda: training(library.tanh_5, inputs.w5(), inputs.RATE["W5"]),
    }
