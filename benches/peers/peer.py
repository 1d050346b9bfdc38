"""One peer as a process that trains on request: `peer.py --peer torch --threads 1`.

It prints a line of JSON when it is ready, then answers each line `WORKLOAD STEPS` of its input with another, until
`quit` or the end. Under the clock is the training loop alone: inputs, first weights, compilation, a first run and
the loss are outside. It knows no library; those are in `*_peer.py`, one manner or more of using each.
"""
import argparse
import importlib
import json
import os
import sys
import time

PEERS = {
    "numpy": "gradients by hand",
    "torch": "eager autograd",
    "torch-compile": "the step, with its gradient and update, through torch.compile",
    "jax": "automatic gradient, the loop jitted; W4 by lax.map",
    "jax-vmap": "the same, W4 alone, by vmap",
    "jax-hand": "gradients by hand, the loop jitted; W4 by lax.map",
    "c-fast": "plain loops in C, the compiler free to change the order of sums",
    "c-strict": "the same loops, as written",
}


def limit(threads):
    """Says how many threads there are to all that ask when they are imported."""
    for name in ("OMP", "MKL", "OPENBLAS"):
        os.environ[f"{name}_NUM_THREADS"] = str(threads)
    # JAX takes its pool's size from these; one device a thread, so that the cells of W4 can be split.
    os.environ["NPROC"] = os.environ["PJRT_NPROC"] = str(threads)
    eigen = "true" if threads > 1 else "false"
    flags = f"--xla_cpu_multi_thread_eigen={eigen} --xla_force_host_platform_device_count={threads}"
    os.environ["XLA_FLAGS"], os.environ["JAX_PLATFORMS"] = flags, "cpu"


class Runner:
    def __init__(self, workloads):
        self.makers, self.made = workloads, {}

    def run(self, name, steps):
        if name not in self.made:
            start, train, loss = self.makers[name]()
            loss(train(start(), 3))
            self.made[name] = start, train, loss
        start, train, loss = self.made[name]
        state = start()
        before = time.perf_counter()
        state = train(state, steps)
        seconds = time.perf_counter() - before
        loss = float(loss(state))
        answer = {"workload": name, "steps": steps, "seconds": seconds, "loss": loss, "loss_hex": loss.hex()}
        return answer | ({"rate_unit": "cell-steps"} if name == "W4" else {})


def say(**line):
    print(json.dumps(line), flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--peer", choices=PEERS, required=True)
    options.add_argument("--threads", type=int, default=1)
    options = options.parse_args()
    limit(options.threads)
    library, _, manner = options.peer.partition("-")
    try:
        module = importlib.import_module(f"{library}_peer")
    except ImportError as error:
        say(peer=options.peer, error=f"not importable: {error}")
        return 1
    runner = Runner(module.workloads(manner, options.threads))
    say(peer=options.peer, version=module.VERSION, threads=options.threads, workloads=list(runner.makers))
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        name = line.split()[0] if line.split() else ""
        try:
            name, steps = line.split()
            say(**runner.run(name, int(steps)))
        except Exception as error:  # whatever it is, the process goes on
            say(workload=name, error=f"{type(error).__name__}: {error}".split("\n")[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
