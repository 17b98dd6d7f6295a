"""Compaction by the tool: nothing is lost, what was erased is gone, and it can be cut off anywhere."""

import json
import os
import random
import signal
import time

import events
import tool
from case import LONG, SEED, Case

KILLS = int(os.environ.get("STRATA_COMPACT_KILLS", "60" if LONG else "8"))
MARKER = b"erase-me-4711"


class CompactTests(Case):
    time_limit = 3600 if LONG else 180

    def setUp(self):
        super().setUp()
        self.data = events.main_input()
        self.fill_in_segments(self.data)

    def fill_in_segments(self, data):
        self.succeed("append", self.store, "--segment-size", "64KiB", input=data)

    def files_holding(self, text):
        found = []
        for place, _, names in os.walk(self.store):
            for name in names:
                with open(os.path.join(place, name), "rb") as file:
                    if text in file.read():
                        found.append(name)
        return found

    def test_everything_stays_and_takes_less_room(self):
        before = self.export()
        preview = self.succeed("compact", self.store, "--dry-run").object
        self.assertTrue(preview["dry_run"])
        self.assertEqual(self.export(), before)
        report = self.succeed("compact", self.store).object
        self.assertFalse(report["cancelled"])
        self.assertEqual(self.export(), before)
        self.assert_sound()
        # The estimate is from a sample.
        self.assertLess(abs(preview["reclaimed_bytes"] - report["reclaimed_bytes"]), report["reclaimed_bytes"] / 4)
        segments = self.succeed("stats", self.store).object["segments"]
        stored = sum(segment["bytes"] for segment in segments)
        # Ids that were drawn do not get shorter, and of the generated events each has two.
        self.assertLess(stored, len(self.data) * (0.3 if events.real_input() else 0.45))
        again = self.succeed("compact", self.store).object
        self.assertEqual((again["rewrites"], again["reclaimed_bytes"]), ([], 0))

    def test_what_is_erased_is_in_no_file(self):
        event = json.loads(self.data.splitlines()[0]) | {
            "aggregate_type": "Person", "aggregate_id": events.random_uuid(random.Random(SEED)),
            "event_id": events.random_uuid(random.Random(SEED + 1)), "data": {"name": MARKER.decode()}}
        self.fill_in_segments(json.dumps(event).encode() + b"\n")
        stream = f"Person/{event['aggregate_id']}"
        self.assertTrue(self.files_holding(MARKER))
        self.succeed("delete", self.store, stream, "--tombstone")
        remaining = self.export()
        preview = self.succeed("compact", self.store, "--dry-run", "--compress", "none").object
        self.assertEqual(preview["released_events"], 1)
        self.assertTrue(self.files_holding(MARKER))
        report = self.succeed("compact", self.store, "--compress", "none").object
        self.assertEqual(report["released_events"], 1)
        self.assertEqual(self.files_holding(MARKER), [])
        self.assertEqual(self.files_holding(bytes.fromhex(event["event_id"].replace("-", ""))), [])
        self.assertEqual(self.export(), remaining)
        self.assert_sound()

    def test_an_interrupt_ends_it_at_no_loss(self):
        before = self.export()
        with tool.Running("compact", self.store, "--max-bandwidth", "200KB/s") as running:
            time.sleep(1)
            running.signal(signal.SIGINT)
            running.end()
            self.assertEqual(running.process.returncode, 130)
            report = json.loads(running.lines()[0])
        self.assertTrue(report["cancelled"])
        self.assertEqual(self.export(), before)
        self.assertFalse([name for name in os.listdir(os.path.join(self.store, "events")) if "-" in name])
        self.assert_sound()

    def test_a_kill_at_any_time_loses_nothing(self):
        generator = random.Random(SEED)
        before = self.export()
        for number in range(KILLS):
            with self.subTest(seed=SEED, kill=number):
                size = generator.choice(["64KiB", "128KiB", "256KiB", "1MiB"])
                with tool.Running("compact", self.store, "--target-segment-size", size) as running:
                    time.sleep(generator.random() ** 2)
                    running.kill()
                    running.end()
                self.assertEqual(self.export(), before)
                self.assert_sound()
        self.succeed("compact", self.store)
        self.assertEqual(self.export(), before)

    def test_what_cannot_be_compacted_is_refused(self):
        self.assert_refused(tool.run("compact", self.path("nothing.strata")), 74)
        self.assert_refused(tool.run("compact", self.store, "--target-segment-size", "1KiB"), 64)
        self.assert_refused(tool.run("compact", self.store, "--compress", "zip"), 64)
        with tool.Running("append", self.store) as writer:
            writer.write(self.data.splitlines(keepends=True)[0])
            writer.wait_for_lines(1)
            self.assert_refused(tool.run("compact", self.store), 75, str(writer.pid))
