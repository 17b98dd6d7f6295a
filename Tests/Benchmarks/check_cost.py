"""Compares what operations cost, in instructions and allocations, with a budget.

Each operation runs twice under callgrind, with different counts: the difference is what the operations took, without the
program's start. Threads make the counts vary a little, so that the budget has a margin.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUDGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cost-budget.json")
FEW, MANY = 400, 1200
# Threads that meet in another way cost a tenth more or less: 3,098, 3,185 and 3,371 for an event read from the feed.
INSTRUCTION_MARGIN = 0.20
ALLOCATION_MARGIN = 0.15
# What one operation of the probe stands for.
OPERATIONS = {
    "append": "an append of one event",
    "append-hundred": "an append of 100 events",
    "read-stream": "an event read from its stream",
    "read-feed": "an event read from the feed",
    "version": "a look-up of a stream's version",
    "existence": "a look-up of an event by its id",
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
    few, _ = run(probe, operation, FEW, directory)
    many, allocations = run(probe, operation, MANY, directory)
    return {"instructions": round((many - few) / (MANY - FEW)), "allocations": round(allocations, 2)}


def compare(operation, counted, budget):
    """Prints a line for each kind of cost; returns whether all are within the budget."""
    within = True
    for kind, margin, least in [("instructions", INSTRUCTION_MARGIN, 50), ("allocations", ALLOCATION_MARGIN, 0.1)]:
        allowed = budget[kind] * (1 + margin) + least
        verdict = "ok" if counted[kind] <= allowed else "TOO MUCH"
        if counted[kind] < budget[kind] * (1 - 2 * margin) - least:
            verdict = "less than the budget: lower it with --update"
        within = within and counted[kind] <= allowed
        print(f"{OPERATIONS[operation]:34} {kind:12} {counted[kind]:>12,} of {budget[kind]:>12,}  {verdict}")
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
        counts = {operation: count(probe, operation, directory) for operation in OPERATIONS}
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
