"""Errors of POSIX calls, injected into the real tool by libfiu: said in words, and nothing acknowledged is lost."""

import json
import os
import random
import shutil
import signal
import subprocess

import events
import tool
import writers
from case import LONG, SEED, Case

RUNS = int(os.environ.get("STRATA_INJECTED", "300" if LONG else "2"))
#: What libfiu can have fail, of the calls that a store makes.
CALLS = ["io/rw/pwrite", "io/rw/pwrite/reduce", "io/rw/pread", "io/rw/pread/reduce", "io/rw/ftruncate", "io/sync/fsync",
         "io/sync/fdatasync", "io/sync/*", "io/dir/fdopendir", "io/dir/readdir", "io/dir/*", "io/oc/open", "io/rw/p*"]
#: What a backtrace names then.
LIBDISPATCH = b"_dispatch_workq_monitor_pools"


class InjectedErrorTests(Case):
    time_limit = 7200 if LONG else 120
    warns_of_tails = {}

    def setUp(self):
        super().setUp()
        if not shutil.which("fiu-run"):
            self.skipTest("fiu-run is not there: install fiu-utils")

    def run_with_errors(self, call, chance, count, snapshot_every):
        command = [
            "fiu-run", "-x", "-c", f"enable_random name=posix/{call},probability={chance}", tool.WRITERS, self.store,
            "--writers", str(count), "--commits", "30", "--most-events", str(writers.MOST_EVENTS), "--payload",
            str(writers.PAYLOAD), "--snapshot-every", str(snapshot_every), "--segment-bytes", str(64 << 10)]
        return subprocess.run(command, capture_output=True, timeout=tool.TIME_LIMIT)

    def test_errors_of_any_call(self):
        generator = random.Random(SEED)
        runs = failed = commits = 0
        for call in CALLS:
            for _ in range(RUNS):
                self.store = self.path(f"{runs}.strata")
                acknowledged = writers.Acknowledged()
                chance = generator.choice([0.001, 0.01, 0.1])
                with self.subTest(seed=SEED, run=runs, call=call, chance=chance):
                    for _ in range(generator.randint(1, 3)):
                        ended = self.run_with_errors(
                            call, chance, generator.choice([1, 4, 16]), generator.choice([0, 4]))
                        # libdispatch itself opens files of /proc, and ends the process where that fails: a crash like
                        # another.
                        if ended.returncode != -signal.SIGILL or LIBDISPATCH not in ended.stderr:
                            self.assertIn(ended.returncode, (0, 74, 75), ended.stderr)
                            self.assertEqual(ended.stderr, b"")
                        acknowledged.add(ended.stdout)
                        failed += ended.returncode != 0
                        if os.path.exists(os.path.join(self.store, "MANIFEST")):
                            # A snapshot that was not saved was said not to be; one that was may have been replaced.
                            acknowledged.check(self, self.store)
                        else:
                            self.assertEqual(acknowledged.count, 0)
                runs += 1
                commits += acknowledged.count
                shutil.rmtree(self.store, ignore_errors=True)
        print(f"seed {SEED}: {runs} stores, {failed} runs that an error ended, {commits} acknowledged commits",
              flush=True)
        self.assertGreater(failed, 0)
        self.assertGreater(commits, 0)
