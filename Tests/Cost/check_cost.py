"""Compares what operations cost, in instructions and allocations, with a budget.

Each operation runs twice under callgrind, with different counts: the difference is what the operations took, without the
program's start. Threads that meet in another way add a few hundred thousand instructions to a run, whatever it does: an
operation is done so often that this hardly counts, and the least of some runs is taken. The budget has a margin for the rest.
"""

import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUDGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cost-budget.json")
RUNS = 3
INSTRUCTION_MARGIN = 0.10
ALLOCATION_MARGIN = 0.10
# What one operation of the probe stands for, and how often it is done in the shorter of two runs: the longer does it four times
# as often.
OPERATIONS = {
    "append": ("an append of one event", 400),
    "append-hundred": ("an append of 100 events", 200),
    "read-stream": ("an event read from its stream", 10_000),
    "read-feed": ("an event read from the feed", 10_000),
    "version": ("a look-up of a stream's version", 20_000),
    "existence": ("a look-up of an event by its id", 800),
}


def run(probe, operation, count, directory):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", probe, operation]
    command += ["--count", str(count), "--directory", directory]
    # The same hash seeds each time, so that tables are laid out and grow alike.
    ended = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"}
    )
    instructions = re.search(r"Collected : (\d+)", ended.stderr)
    if ended.returncode != 0 or not instructions:
        sys.exit(f"{' '.join(command)} failed:\n{ended.stderr}")
    return int(instructions.group(1)), json.loads(ended.stdout)["allocations"]


def count(probe, operation, directory):
    few = OPERATIONS[operation][1]
    many = 4 * few
    short = min(run(probe, operation, few, directory)[0] for _ in range(RUNS))
    long = [run(probe, operation, many, directory) for _ in range(RUNS)]
    instructions = (min(instructions for instructions, _ in long) - short) / (many - few)
    return {"instructions": round(instructions), "allocations": round(min(count for _, count in long), 2)}


def compare(operation, counted, budget):
    """Prints a line for each kind of cost; returns whether all are within the budget."""
    within = True
    for kind, margin, least in [("instructions", INSTRUCTION_MARGIN, 50), ("allocations", ALLOCATION_MARGIN, 0.1)]:
        allowed = budget[kind] * (1 + margin) + least
        verdict = "ok" if counted[kind] <= allowed else "TOO MUCH"
        if counted[kind] < budget[kind] * (1 - 2 * margin) - least:
            verdict = "less than the budget: lower it with --update"
        within = within and counted[kind] <= allowed
        print(f"{OPERATIONS[operation][0]:34} {kind:12} {counted[kind]:>12,} of {budget[kind]:>12,}  {verdict}")
    return within


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("probe")
    parser.add_argument("--update", action="store_true", help="write the counts as the new budget")
    options = parser.parse_args()
    # A file system in memory: how long a device takes changes which threads wait, and so the counts.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="strata-cost-", dir=place) as directory:
        # valgrind does not read the debug information that current compilers write.
        probe = os.path.join(directory, "CostProbe")
        shutil.copy(options.probe, probe)
        subprocess.run(["strip", "--strip-debug", probe], check=True)
        # Side by side: what other processes do changes no count.
        with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            counted = pool.map(lambda operation: count(probe, operation, directory), OPERATIONS)
            counts = dict(zip(OPERATIONS, counted))
    if options.update:
        with open(BUDGET, "w") as file:
            json.dump(counts, file, indent=2)
            file.write("\n")
        print(json.dumps(counts, indent=2))
        return 0
    with open(BUDGET) as file:
        budget = json.load(file)
    results = [compare(operation, counts[operation], budget[operation]) for operation in OPERATIONS]
    return 0 if all(results) else 1


sys.exit(main())
