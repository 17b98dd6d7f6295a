"""SIGKILL, SIGSTOP and SIGCONT of a process with up to 16 writers, snapshots, many segments and compactions under way."""

import os
import random
import shutil
import signal
import time

import tool
import writers
from case import LONG, SEED, Case

CYCLES = int(os.environ.get("STRATA_CYCLES", "5000" if LONG else "50"))


class WriterKillTests(Case):
    time_limit = 7200 if LONG else 120
    warns_of_tails = {}

    def setUp(self):
        super().setUp()
        if not os.access(tool.WRITERS, os.X_OK):
            self.fail(f"there is no program at {tool.WRITERS}; Scripts/end-to-end builds it")

    def cycle(self, generator, acknowledged):
        """Starts writers, lets them work, perhaps holds them up, and kills them. Returns what was done."""
        count = generator.choice([1, 1, 2, 3, 4, 8, 16])
        snapshot_every = generator.choice([0, 1, 5])
        segment_bytes = generator.choice([64 << 10, 64 << 10, 1 << 20])
        compacts = generator.random() < 0.5
        # A compaction needs segments that are sealed.
        lines = generator.choice([50, 200, 600, 1_200] if compacts else [1, 2, 10, 50, 200])
        stops = generator.choice([0, 0, 0, 1, 2])
        with writers.start(
                self.store, count, *["--compact"] * compacts, snapshot_every=snapshot_every,
                segment_bytes=segment_bytes) as running:
            if generator.random() < 0.2:
                time.sleep(0.03 * generator.random())
            else:
                running.wait_for_lines(lines)
            for _ in range(stops):
                running.signal(signal.SIGSTOP)
                if generator.random() < 0.3 and acknowledged.count + len(running.lines()) > 1:
                    # Whatever it was about to write, a reader beside it finds the store sound.
                    self.assert_sound()
                running.signal(signal.SIGCONT)
                time.sleep(0.002 * generator.random())
            if generator.random() < 0.3:
                running.signal(signal.SIGSTOP)
            running.kill()
            ended = running.end()
        self.assertEqual((ended.status, ended.errors, ended.warnings), (-9, b"", []))
        acknowledged.add(ended.output)
        self.assertEqual(acknowledged.errors, [])
        return f"{count} writers, snapshots every {snapshot_every}, {segment_bytes} bytes a segment, {stops} stops" \
            f"{', compacting' if compacts else ''}"

    def test_nothing_acknowledged_is_lost(self):
        generator = random.Random(SEED)
        done = commits = torn = segments = compactions = 0
        while done < CYCLES:
            acknowledged = writers.Acknowledged()
            for _ in range(min(generator.randint(1, 8), CYCLES - done)):
                what = self.cycle(generator, acknowledged)
                with self.subTest(seed=SEED, cycle=done, what=what):
                    if os.path.exists(os.path.join(self.store, "MANIFEST")):
                        acknowledged.check(self, self.store)
                    else:
                        self.assertEqual(acknowledged.count, 0)
                done += 1
            commits += acknowledged.count
            compactions += acknowledged.compactions
            if os.path.exists(self.store):
                torn += len(os.listdir(os.path.join(self.store, "quarantine"))) if acknowledged.count else 0
                segments += len(os.listdir(os.path.join(self.store, "events"))) if acknowledged.count else 0
                shutil.rmtree(self.store)
        print(f"seed {SEED}: {done} cycles, {commits} acknowledged commits, {segments} segments, {compactions} compactions, "
              f"{torn} torn tails", flush=True)
        self.assertGreater(commits, CYCLES)
        self.assertGreater(compactions, 0)
