"""Copying a store into another one, as an operator does it."""

import json
import os
import random
import re
import shutil
import signal
import threading
import time

import events
import tool
from case import LONG, SEED, Case

DATA = events.history(seed=SEED, commits=20_000, streams=900)
KILLS = 60 if LONG else 10
POSITION = re.compile(rb'^\{"position":\d+,', re.MULTILINE)


def without_positions(export):
    return POSITION.sub(b"{", export)


class CopyTests(Case):
    def setUp(self):
        super().setUp()
        self.copy = self.path("copy.strata")

    def assert_copied(self, ended, count):
        report = ended.object
        self.assertEqual((report["identical"], report["difference_count"], report["differences"]), (True, 0, []))
        self.assertEqual(report["events"], count)
        return report

    def test_a_copy_gives_the_same_export(self):
        self.fill(events.main_input() + events.stubborn_input())
        report = self.assert_copied(self.succeed("copy", self.store, self.copy), events.COMMITS + len(
            events.STUBBORN_DATA))
        self.assertEqual(report["events_copied"], report["events"])
        self.assertEqual((report["source"], report["destination"]), (self.store, self.copy))
        self.assertEqual(self.export(self.copy), self.export())
        self.assert_sound(self.copy)
        again = self.assert_copied(self.succeed("copy", self.store, self.copy), report["events"])
        self.assertEqual(again["events_copied"], 0)

    def test_commits_stay_whole(self):
        data, ids = events.commits_of_several(seed=SEED, commits=300)
        self.fill(data)
        self.succeed("copy", self.store, self.copy)
        self.assertEqual(self.assert_sound(self.copy)["commits"], len(ids))
        self.assertEqual(self.export(self.copy), self.export())

    def test_what_was_released_is_released_in_the_copy(self):
        self.fill(events.lines(range(1, 101), streams=10))
        self.succeed("truncate", self.store, events.stream(1), "--before", "5")
        self.succeed("delete", self.store, events.stream(2))
        self.succeed("delete", self.store, events.stream(3), "--tombstone")
        self.succeed("delete", self.store, events.stream(77), "--tombstone", "--expected-version", "any")
        self.fill(events.line(1000, 2))
        report = self.assert_copied(self.succeed("copy", self.store, self.copy), 100 - 4 - 10 - 10 + 1)
        self.assertEqual(report["released_streams"], 4)
        self.assertEqual(without_positions(self.export(self.copy)), without_positions(self.export()))
        for stream in (3, 77):
            refused = tool.run("append", self.copy, input=events.line(2000, stream))
            self.assertEqual((refused.status, b"stream_deleted" in refused.output), (1, True))
        told = self.fill(events.line(2001, 2), store=self.copy).objects
        self.assertEqual(told[0]["version"], 12)
        self.assert_sound(self.copy)

    def test_a_copy_that_is_killed_again_and_again_comes_to_the_same(self):
        self.fill(DATA, store=self.store)
        expected = self.export()
        start = time.monotonic()
        self.succeed("copy", self.store, self.copy)
        duration = time.monotonic() - start
        generator = random.Random(SEED)
        landed = 0
        for number in range(KILLS):
            copy = self.path(f"{number}.strata")
            with tool.Running("copy", self.store, copy) as running:
                time.sleep(duration * generator.random())
                running.kill()
                status = running.end().status
            self.assertIn(status, (0, -9))
            with self.subTest(seed=SEED, kill=number):
                there = tool.run("export", copy).output
                self.assertTrue(expected.startswith(there))
                landed += status == -9 and 0 < len(there)
                ended = tool.run("copy", self.store, copy)
                self.assertEqual((ended.status, ended.errors), (0, b""))
                self.assert_copied(ended, DATA.count(b"\n"))
                self.assertEqual(self.export(copy), expected)
                self.assertIsNone(self.assert_sound(copy)["torn_tail"])
            shutil.rmtree(copy)
        print(f"seed {SEED}: {KILLS} kills of copies, {landed} with some events stored", flush=True)
        self.assertGreaterEqual(landed, KILLS // 5)

    def test_an_interrupt_ends_it_behind_a_whole_commit(self):
        self.fill(DATA)
        start = time.monotonic()
        self.succeed("copy", self.store, self.copy)
        duration = time.monotonic() - start
        for number, code in [(signal.SIGINT, 130), (signal.SIGTERM, 143)]:
            copy = self.path(f"{code}.strata")
            moment = duration
            while True:
                # Until the signal comes before the copy has ended.
                moment *= 0.7
                with tool.Running("copy", self.store, copy) as running:
                    while not os.path.exists(copy):
                        time.sleep(0.001)
                    time.sleep(moment / 4)
                    running.signal(number)
                    ended = running.end()
                if ended.status == code:
                    break
                self.assertIn(ended.status, (0, -number))
                shutil.rmtree(copy)
            self.assertRegex(ended.errors.decode(), r"^strata: stopped (behind [\d,]+ events|while comparing); run the same")
            self.assertTrue(self.export().startswith(self.export(copy)))
            self.succeed("copy", self.store, copy)
            self.assertEqual(self.export(copy), self.export())

    def test_following_takes_over_what_is_appended(self):
        lines = DATA.splitlines(keepends=True)
        self.fill(b"".join(lines[:5_000]))
        with tool.Running("copy", self.store, self.copy, "--follow") as following:
            with tool.Running("append", self.store) as writer:
                for start in range(5_000, 8_000, 100):
                    writer.write(b"".join(lines[start:start + 100]))
                    writer.wait_for_lines(start + 100 - 5_000)
                ended = writer.end()
                self.assertEqual((ended.status, len(ended.objects)), (0, 3_000))
            # Its end is only known to the copy.
            deadline = time.monotonic() + tool.TIME_LIMIT
            while following.is_running and time.monotonic() < deadline:
                if len(tool.run("export", self.copy).lines) == 8_000:
                    break
            self.fill(b"".join(lines[8_000:8_500]))
            following.signal(signal.SIGINT)
            ended = following.end()
        self.assertEqual(ended.status, 0, ended.errors)
        self.assertRegex(ended.errors.decode(), r"^strata: caught up after [\d,]+ events; following until")
        self.assert_copied(ended, 8_500)
        self.assertEqual(self.export(self.copy), self.export())

    def test_a_source_that_goes_away_while_it_is_followed_is_said_in_a_line(self):
        self.fill(events.lines(range(1, 50)))
        with tool.Running("copy", self.store, self.copy, "--follow") as following:
            deadline = time.monotonic() + tool.TIME_LIMIT
            for count in (49, 50):
                if count == 50:
                    # What came behind the opening is only seen by following.
                    self.fill(events.line(500, 3))
                while following.is_running and time.monotonic() < deadline:
                    if len(tool.run("export", self.copy).lines) == count:
                        break
            os.rename(self.store, self.path("elsewhere.strata"))
            following.signal(signal.SIGINT)
            ended = following.end()
        *caught_up, last = ended.errors.decode().splitlines()
        self.assertEqual((ended.status, ended.output, len(caught_up)), (74, b"", 1), ended.errors)
        self.assertTrue(last.startswith(f"strata: {self.store}: "), last)

    def test_a_destination_of_its_own_is_refused_and_left_as_it_was(self):
        self.fill(events.lines(range(1, 50)))
        self.fill(events.lines(range(1, 20)), store=self.copy)
        self.fill(events.line(500, 3), store=self.copy)
        before = self.export(self.copy)
        self.assert_refused(
            tool.run("copy", self.store, self.copy), 1, "no copy of the source's beginning",
            f"version 4 of {events.stream(3)}")
        self.assertEqual(self.export(self.copy), before)

    def test_a_comparison_changes_nothing(self):
        self.fill(events.lines(range(1, 50)))
        self.succeed("copy", self.store, self.copy)
        files = self.digests(self.copy)
        self.assert_copied(self.succeed("copy", self.store, self.copy, "--verify-only"), 49)
        self.fill(events.line(500, 3))
        ended = tool.run("copy", self.store, self.copy, "--verify-only")
        self.assertEqual(ended.status, 1)
        self.assertEqual(ended.object["differences"], [{"kind": "events", "stream": events.stream(3)}])
        self.assertEqual(self.digests(self.copy), files)

    def test_what_cannot_be_copied_is_said_in_a_line(self):
        missing = self.path("missing.strata")
        self.assert_refused(tool.run("copy", missing, self.copy), 74, missing)
        self.assertFalse(os.path.exists(self.copy))
        self.fill(events.lines(range(1, 5)))
        self.assert_refused(tool.run("copy", self.store, "mysql://host/x"), 64, "mysql://host/x")
        for address in ("postgres://me:secret@host/x", "nats://me:secret@host:4222/x"):
            ended = tool.run("copy", self.store, address)
            self.assert_refused(ended, 64, "--traits PostgreSQL,JetStream", "host")
            self.assertNotIn(b"secret", ended.errors)
        ended = tool.run("copy", self.store, "nats://me:secret@host:4222/x?replica=3")
        self.assert_refused(ended, 64, "nats://host:4222/x")
        self.assertNotIn(b"secret", ended.errors)
        self.assert_refused(tool.run("copy", self.store, self.copy, "--follow", "--verify-only"), 64)
        with open(self.segment(), "r+b") as file:
            file.seek(-300, 2)
            file.write(b"\xFF" * 40)
        self.assert_refused(tool.run("copy", self.store, self.copy), 1, "damaged", warns="the store is damaged")

    def test_a_store_that_somebody_writes_to_is_no_destination(self):
        self.fill(events.lines(range(1, 5)))
        with tool.Running("append", self.copy) as writer:
            writer.write(events.line(1))
            writer.wait_for_lines(1)
            self.assert_refused(tool.run("copy", self.store, self.copy), 75, str(writer.pid))
            writer.end()
