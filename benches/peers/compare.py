"""Runs every simulator in turn, holds their answers against theory, and prints how fast they were."""

import argparse
import datetime
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASES = [(4, 10), (10, 10), (64, 50), (1024, 1000)]  # threads, and how long they think
HOLD = 1.0
BATCHES = 20

# About how many cycles each completes in a second or two.
CYCLES = {
    "gilsim": 10_000_000,
    "simcore": 5_000_000,
    "simrs": 4_000_000,
    "nexosim": 1_500_000,
    "cimba": 2_500_000,
    "simpy": 150_000,
    "salabim": 40_000,
}
TITLES = {
    "gilsim": "gilsim",
    "simcore": "SimCore",
    "simrs": "SimRS",
    "nexosim": "NeXosim",
    "cimba": "Cimba",
    "simpy": "SimPy",
    "salabim": "salabim",
}
IN_PYTHON = {"cimba", "simpy", "salabim"}

# All start thinking; this many cycles of each thread bury the start.
CYCLES_OF_A_THREAD = 200

# A right answer is farther off once in ten thousand times.
STANDARD_ERRORS = 4.0

# How many times as fast as another gilsim is to be, and for which numbers of threads.
GOALS = {
    "cimba": (3.0, {4, 10, 64, 1024}),
    "simpy": (120.0, {10}),
    "simcore": (1.0, {4, 10, 64, 1024}),
    "simrs": (1.0, {4, 10, 64, 1024}),
    "nexosim": (1.0, {4, 10, 64, 1024}),
}


def exact_throughput(n, z):
    """Mean value analysis, exact for exponential times: a thread that comes finds the queue of one thread less."""
    queue = throughput = 0.0
    for threads in range(1, n + 1):
        response = HOLD * (1 + queue)
        throughput = threads / (z + response)
        queue = throughput * response
    return throughput


def run(peer, n, z, hold, seed, programs):
    """One run of one simulator, as its program tells it."""
    cycles = max(CYCLES[peer], CYCLES_OF_A_THREAD * n)
    duration = cycles / exact_throughput(n, z)
    if peer in IN_PYTHON:
        program = [sys.executable, HERE / f"{peer}_repairman.py"]
    else:
        program = [programs / peer]
    arguments = [n, z, hold, duration, BATCHES, seed]
    command = [*program, *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


class Cell:
    """What a simulator did in one case, over all rounds."""

    def __init__(self, runs, n, z):
        self.time = statistics.median(run["seconds"] / run["cycles"] for run in runs) * 1e9
        self.throughput = statistics.mean(run["throughput"] for run in runs)
        error = math.sqrt(sum(run["standard_error"] ** 2 for run in runs)) / len(runs)
        self.deviation = (self.throughput - exact_throughput(n, z)) / error
        # Written so that what is no number is wrong.
        self.right = abs(self.deviation) <= STANDARD_ERRORS

    def text(self, reference):
        if not self.right:
            return f"void: X = {self.throughput:.4f}, {self.deviation:+.1f} s.e."
        ratio = self.time / reference.time
        return f"{self.time:,.0f} ({ratio:.1f}×)" if ratio < 10 else f"{self.time:,.0f} ({ratio:.0f}×)"


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def table(cells, versions, rounds):
    heads = [f"N = {n:,}, Z = {z:,}" for n, z in CASES]
    rows = [["", "version", *heads], ["---", "---", *["---:"] * len(CASES)]]
    for peer, title in TITLES.items():
        times = [cells[peer, case].text(cells["gilsim", case]) for case in CASES]
        rows.append([title, versions[peer], *times])
    rows.append(["exact throughput", "", *[f"{exact_throughput(*case):.6f}" for case in CASES]])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    rust = subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout
    farthest = max((abs(cell.deviation) for cell in cells.values()), key=lambda far: (math.isnan(far), far))
    note = (
        "Nanoseconds of CPU time for a lock cycle, and how many times what gilsim needs. "
        f"Median of {rounds} rounds on {processor()}, {datetime.date.today()}; "
        f"{platform.system()}, Python {platform.python_version()}, Rust {rust.split()[1]}; "
        f"load {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores, the comparison's own one among it. "
        f"The throughput farthest from the exact one is off by {farthest:.1f} standard errors."
    )
    return "\n".join([*lines, "", note]) + "\n"


def missed_goals(cells):
    for peer, (factor, threads) in GOALS.items():
        for n, z in CASES:
            ratio = cells[peer, (n, z)].time / cells["gilsim", (n, z)].time
            if n in threads and not ratio > factor:
                yield f"N = {n}: {TITLES[peer]} takes {ratio:.2f} times as long as gilsim, the goal is {factor:g}"


def compare(options):
    runs = {}
    for round in range(1, options.rounds + 1):
        print(f"peers: round {round} of {options.rounds}", file=sys.stderr)
        for n, z in CASES:
            for peer in TITLES:
                result = run(peer, n, z, HOLD, round, options.programs)
                runs.setdefault((peer, (n, z)), []).append(result)
    cells = {(peer, case): Cell(some, *case) for (peer, case), some in runs.items()}
    versions = {peer: runs[peer, CASES[0]][0]["version"] for peer in TITLES}
    text = table(cells, versions, options.rounds)
    print(text, end="")
    options.output.write_text(text)

    wrong = [key for key, cell in cells.items() if not cell.right]
    problems = [f"N = {n}: {TITLES[peer]} is wrong" for peer, (n, _) in wrong]
    if options.check:
        problems += missed_goals(cells)
    return problems


def self_test(options):
    """Every simulator, with holds that are 5 % too long, must be found out."""
    n, z = 10, 10
    for peer, title in TITLES.items():
        runs = [run(peer, n, z, 1.05 * HOLD, seed, options.programs) for seed in range(1, options.rounds + 1)]
        cell = Cell(runs, n, z)
        print(f"{title}: {cell.text(cell)}")
        if cell.right:
            yield f"{title} was wrong, and not found out"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=Path, required=True, help="where the Rust programs are")
    parser.add_argument("--output", type=Path, required=True, help="where the table goes")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="fail too if gilsim misses its goals")
    parser.add_argument("--self-test", action="store_true", help="check that a wrong simulator is found")
    options = parser.parse_args()
    problems = list(self_test(options)) if options.self_test else compare(options)
    for problem in problems:
        print(f"peers: {problem}", file=sys.stderr)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
