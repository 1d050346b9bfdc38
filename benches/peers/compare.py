#!/usr/bin/env python3
"""Ours against the peers, like for like: `compare.py --ours 'cargo bench --bench workloads -- --serve'`.

All are processes that train on request (`peer.py` says how). First their losses must agree; then they are timed in
turns, so that a drift of the machine hits all alike, and the medians become a table. Without `--ours` the peers are
compared with one another. It knows no library and no workload beyond the table below.
"""
import argparse
import json
import math
import os
import platform
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

from peer import PEERS

HERE = Path(__file__).resolve().parent
VENV = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent.parent / "target")) / "peers-venv"
LOOPS = ("c-fast", "c-strict")  # what fixed orders cost, not something that people use: never the best peer
CELLS = 1200  # of W4, whose steps are per cell

# For each workload: steps after which losses are compared, their largest relative deviation, and the goal, a ratio.
# Among themselves the peers deviate by 7e-16, in W4 by 2e-13 and in single precision (W7, W8) by 4e-7. The tolerances
# leave room for another tanh and another order of sums, and are far below what a wrong gradient makes.
WORKLOADS = {
    "W1": (300, 1e-12, 2.0),
    "W2": (300, 1e-12, 2.0),
    "W3_1000": (300, 1e-12, 5.0),
    "W3_10000": (300, 1e-12, 15.0),
    "W3_100000": (30, 1e-12, 15.0),
    "W4": (20, 1e-10, 3.0),
    "W5": (300, 1e-12, 2.0),
    "W6": (100, 1e-12, 1.5),
    "W7": (5, 2e-5, 1.2),
    "W8": (20, 2e-5, 1.5),
}


def note(text):
    print(text, file=sys.stderr, flush=True)


class Failed(Exception):
    """A process did not do what it was asked for."""


class Process:
    """One long-lived trainer; it inherits the CPUs to which the driver is pinned."""

    def __init__(self, name, command):
        self.name = name
        self.pipe = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = self.answer()
        self.workloads = self.ready["workloads"]

    def answer(self):
        for line in self.pipe.stdout:
            if line.startswith("{"):  # whatever else is printed is not for us
                answer = json.loads(line)
                if "error" in answer:
                    raise Failed(f"{self.name}: {answer.get('workload', 'start')}: {answer['error']}")
                return answer
        raise Failed(f"{self.name}: ended with exit code {self.pipe.wait()}")

    def train(self, workload, steps):
        try:
            print(workload, steps, file=self.pipe.stdin, flush=True)
        except BrokenPipeError:
            raise Failed(f"{self.name}: ended with exit code {self.pipe.wait()}") from None
        answer = self.answer()
        if not math.isfinite(answer["loss"]):
            raise Failed(f"{self.name}: {workload} has the loss {answer['loss']} after {steps} steps")
        return answer

    def rate(self, workload, steps):
        time.sleep(0.05)  # until the threads of the one before stop spinning
        units = steps * (CELLS if workload == "W4" else 1)
        return units / self.train(workload, steps)["seconds"]

    def steps_for(self, seconds, workload):
        """How many steps take about so long; asked twice, as the first guess may be from a short run."""
        steps = WORKLOADS[workload][0]
        for _ in range(2):
            rate = self.rate(workload, steps) / (CELLS if workload == "W4" else 1)
            steps = max(1, round(rate * seconds))
        return steps

    def end(self):
        self.pipe.stdin.close()
        self.pipe.wait()


def start_all(options, threads):
    """Ours first. A peer that cannot start is left out, loudly; ours must start."""
    started = []
    if options.ours:
        started.append(Process("ours", [*shlex.split(options.ours), "--threads", str(threads)]))
    for name in options.peers:
        command = [options.python, HERE / "peer.py", "--peer", name, "--threads", str(threads)]
        try:
            started.append(Process(name, command))
        except Failed as error:
            note(f"SKIPPED {error}")
    return started


def agreement(workload, processes):
    """The losses' relative deviations from the first process; those that fail are left out, loudly."""
    steps, tolerance, _ = WORKLOADS[workload]
    losses = {}
    for process in processes:
        try:
            losses[process.name] = process.train(workload, steps)["loss"]
        except Failed as error:
            if process.name == "ours":
                raise
            note(f"SKIPPED {error}")
    reference = next(iter(losses), None)
    deviations = {name: abs(loss / losses[reference] - 1) for name, loss in losses.items()}
    worst = max(deviations.values(), default=0.0)
    note(f"{workload}: losses after {steps} steps within {worst:.1e} of {reference}")
    for name, deviation in deviations.items():
        if deviation > tolerance:
            note(f"DISAGREES {name}: {workload} {losses[name]!r}, {reference} {losses[reference]!r}")
    return {
        "steps": steps,
        "tolerance": tolerance,
        "reference": reference,
        "losses": losses,
        "deviations": deviations,
        "agrees": worst <= tolerance,
    }


def race(workload, processes, options):
    """Rounds in turns; the median rate of each. A peer that fails is left out, loudly."""
    steps, rates = {}, {process.name: [] for process in processes}
    for turn in range(-1, options.rounds):
        for process in [process for process in processes if process.name in rates]:
            try:
                if turn < 0:
                    steps[process.name] = process.steps_for(options.seconds, workload)
                else:
                    rates[process.name].append(process.rate(workload, steps[process.name]))
            except Failed as error:
                if process.name == "ours":
                    raise
                note(f"SKIPPED {error}")
                del rates[process.name]
    medians = {name: statistics.median(rounds) for name, rounds in rates.items()}
    best = max((name for name in medians if name != "ours" and name not in LOOPS), key=medians.get, default=None)
    goal = WORKLOADS[workload][2]
    result = {"steps": steps, "rates": rates, "medians": medians, "best": best, "goal": goal}
    result["load"] = os.getloadavg()[0]
    if best and "ours" in medians:
        result["ratio"] = medians["ours"] / medians[best]
        result["reached"] = result["ratio"] >= goal
    if "c-fast" in medians and "ours" in medians:
        result["gain"] = medians["c-fast"] / medians["ours"]
    note(f"{workload}: " + ", ".join(f"{name} {rate:.5g}/s" for name, rate in medians.items()))
    return result


def compare(options, threads, result):
    """Everything at one number of threads, written into `result` as it comes."""
    os.sched_setaffinity(0, options.cpus[-threads:])
    processes = start_all(options, threads)
    result |= {"threads": threads, "ready": [process.ready for process in processes], "checks": {}, "races": {}}
    try:
        for name in options.only:
            if those := [process for process in processes if name in process.workloads]:
                result["checks"][name] = agreement(name, those)
        if not result["checks"]:
            raise Failed("nothing to compare")
        if not all(check["agrees"] for check in result["checks"].values()):
            raise Failed("the losses do not agree, so there is nothing to compare")
        for name, check in result["checks"].items():
            result["races"][name] = race(name, [p for p in processes if p.name in check["losses"]], options)
    finally:
        for process in processes:
            process.end()


def table(result):
    names = list(dict.fromkeys(name for race in result["races"].values() for name in race["medians"]))
    heads = ["", *names, "best peer", "ours / best", "goal", "reached"]
    load = statistics.median(race["load"] for race in result["races"].values())
    if load > result["threads"] + 0.5:
        note(f"BUSY: a load of {load:.1f} at {result['threads']} threads; measure again when the machine is idle")
    title = f"Steps a second, threads: {result['threads']} (W4: cell-steps); load of the machine: {load:.1f}"
    lines = [title, "", row(heads), row(["---"] * len(heads))]
    for workload, race in result["races"].items():
        rates = [f"{race['medians'][name]:.4g}" if name in race["medians"] else "–" for name in names]
        ratio, reached = "–", "–"
        if "ratio" in race:
            ratio, reached = f"{race['ratio']:.2f}", "yes" if race["reached"] else "no"
        lines.append(row([workload, *rates, race["best"] or "–", ratio, f"≥ {race['goal']:g}", reached]))
    gains = [f"{workload} {race['gain']:.2f}" for workload, race in result["races"].items() if "gain" in race]
    if gains:
        lines += ["", f"A compiler that may change the order of sums, against ours (goal < 1.3): {', '.join(gains)}"]
    return "\n".join(lines)


def row(cells):
    return "| " + " | ".join(cells) + " |"


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def words(known):
    """A type of argument: some of the known words, after commas."""

    def parse(text):
        found = text.split(",")
        for word in found:
            if word not in known:
                raise argparse.ArgumentTypeError(f"`{word}` is none of {', '.join(known)}")
        return found

    return parse


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ours", help="a command that speaks the protocol; `--threads N` is appended")
    parser.add_argument("--threads", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="about how long a run takes")
    parser.add_argument("--only", type=words(WORKLOADS), default=list(WORKLOADS), metavar="W1,W5")
    parser.add_argument("--peers", type=words(PEERS), default=list(PEERS), metavar="numpy,jax")
    parser.add_argument("--venv", type=Path, default=VENV, help="what setup.sh made")
    parser.add_argument("--json", type=Path, help="where to write everything that was measured")
    options = parser.parse_args()
    options.python = options.venv / "bin" / "python"
    if not options.python.exists():
        note(f"no `{options.python}` (setup.sh makes it): the peers run in this Python")
        options.python = sys.executable
    options.cpus = sorted(os.sched_getaffinity(0))
    if max(options.threads) > len(options.cpus):
        parser.error(f"{max(options.threads)} threads, but {len(options.cpus)} CPUs")
    return options


def main():
    options = arguments()
    results = []
    try:
        for threads in options.threads:
            results.append({})
            compare(options, threads, results[-1])
            print(table(results[-1]), end="\n\n", flush=True)
    except Failed as error:
        note(f"error: {error}")
        return 1
    finally:
        if options.json:
            machine = {"processor": processor(), "cpus": len(options.cpus)}
            record = {"machine": machine, "rounds": options.rounds, "seconds": options.seconds, "results": results}
            options.json.write_text(json.dumps(record, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
