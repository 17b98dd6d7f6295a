"""A store moves from files to PostgreSQL, on to JetStream and back to files. Scripts/test-copy runs it with servers."""

import os
import random
import signal
import time

import events
import tool
from case import LONG, SEED, Case

POSTGRESQL = os.environ["STRATA_POSTGRESQL"]
NATS = os.environ["STRATA_NATS"].split()[0]
NATS_TLS = os.environ["STRATA_NATS_TLS_ADDRESS"].split()[0].replace("nats://", "tls://")
TLS_FILES = os.environ["STRATA_NATS_TLS_FILES"]
KILLS = 40 if LONG else 10


class CopyThroughServersTests(Case):
    time_limit = 600

    def places(self, name):
        """Where the store stands, one after the other."""
        return [self.store, f"{POSTGRESQL}?schema={name}", f"{NATS}/{name}", self.path(f"{name}.strata")]

    def assert_copied(self, ended, count):
        self.assertEqual((ended.status, ended.errors), (0, b""))
        report = ended.object
        self.assertEqual((report["identical"], report["events"]), (True, count), report)
        return report

    def move(self, name, count):
        """Takes a store from place to place. Returns how long each way took."""
        durations = []
        places = self.places(name)
        for source, destination in zip(places, places[1:]):
            start = time.monotonic()
            self.assert_copied(tool.run("copy", source, destination), count)
            durations.append(time.monotonic() - start)
        return durations

    def test_the_real_input_comes_back_as_it_was(self):
        data = events.main_input()
        count = data.count(b"\n")
        self.fill(data)
        export = self.export()
        durations = self.move("undisturbed", count)
        self.assertEqual(self.export(self.path("undisturbed.strata")), export)
        print("ways: " + ", ".join(f"{duration:.1f} s" for duration in durations), flush=True)

        generator = random.Random(SEED)
        places = self.places("killed")
        landed = 0
        for way in range(3):
            kills = KILLS // 3 + (way < KILLS % 3)
            for number in range(kills):
                with tool.Running("copy", places[way], places[way + 1]) as running:
                    time.sleep(durations[way] * generator.random())
                    running.kill()
                    ended = running.end()
                self.assertIn(ended.status, (0, -signal.SIGKILL), ended.errors)
                landed += ended.status != 0
            with self.subTest(seed=SEED, way=way):
                self.assert_copied(tool.run("copy", places[way], places[way + 1]), count)
                self.assert_copied(tool.run("copy", places[way], places[way + 1], "--verify-only"), count)
        self.assertEqual(self.export(self.path("killed.strata")), export)
        self.assert_sound(self.path("killed.strata"))
        print(f"seed {SEED}: {KILLS} kills, {landed} of running copies", flush=True)
        # Kills that all come too late would show nothing.
        self.assertGreaterEqual(landed, KILLS // 3)

    def test_a_server_of_nats_and_the_tool_know_each_other_by_certificates(self):
        data, ids = events.commits_of_several(seed=SEED, commits=30)
        self.fill(data)
        count = sum(len(commit) for commit in ids)
        trusted = f"{NATS_TLS}/certified?tls_ca={TLS_FILES}/ca.crt"
        known = f"{trusted}&tls_cert={TLS_FILES}/client.crt&tls_key={TLS_FILES}/client.key"
        self.assert_copied(tool.run("copy", self.store, known), count)
        self.assert_copied(tool.run("copy", known, self.path("back.strata")), count)
        self.assertEqual(self.export(self.path("back.strata")), self.export())
        for address in (f"{NATS_TLS}/certified", trusted):
            refused = tool.run("copy", self.store, address)
            self.assertNotEqual(refused.status, 0)
            self.assertIn(b"tls", refused.errors.lower())
            self.assertNotIn(b"Fatal", refused.errors)

    def test_commits_of_several_events_and_releases_come_along(self):
        data, ids = events.commits_of_several(seed=SEED, commits=200)
        self.fill(data + events.stubborn_input())
        self.succeed("truncate", self.store, events.stream(5), "--before", "20")
        self.succeed("delete", self.store, events.stream(6))
        self.succeed("delete", self.store, events.stream(7), "--tombstone")
        count = len(self.export().splitlines())
        self.move("released", count)
        end = self.path("released.strata")
        report = self.assert_copied(tool.run("copy", self.store, end, "--verify-only"), count)
        self.assertEqual(report["released_streams"], 3)
        self.assert_sound(end)

    def test_following_takes_over_what_is_appended(self):
        lines = events.history(seed=SEED, commits=1_500, streams=50).splitlines(keepends=True)
        places = self.places("followed")
        self.fill(b"".join(lines[:500]))
        chain = [tool.Running("copy", places[0], places[1], "--follow")]
        try:
            self.wait_for_store(places[1])
            chain.append(tool.Running("copy", places[1], places[2], "--follow"))
            self.wait_for_store(places[2])
            chain.append(tool.Running("copy", places[2], places[3], "--follow"))
            self.fill(b"".join(lines[500:]))
            deadline = time.monotonic() + tool.TIME_LIMIT
            while len(tool.run("export", places[3]).lines) < 1_500:
                self.assertLess(time.monotonic(), deadline, "the events do not arrive")
            for running in chain:
                running.signal(signal.SIGTERM)
                ended = running.end()
                self.assertEqual((ended.status, ended.object["identical"]), (0, True), ended.errors)
                self.assertEqual(ended.object["events"], 1_500)
        finally:
            for running in chain:
                running.kill()
        self.assertEqual(self.export(places[3]), self.export())

    def wait_for_store(self, place):
        deadline = time.monotonic() + tool.TIME_LIMIT
        while tool.run("copy", place, self.path("probe.strata")).status != 0:
            self.assertLess(time.monotonic(), deadline, "the store is not made")

    def test_a_server_that_is_not_there_is_said_in_a_line(self):
        self.fill(events.line(1))
        self.assert_refused(
            tool.run("copy", f"{POSTGRESQL}?schema=nothing_there", self.path("x.strata")), 65, "no store")
        self.assert_refused(tool.run("copy", f"{NATS}/nothing_there", self.path("x.strata")), 65)
        wrong = POSTGRESQL.replace("secret", "guessed")
        ended = tool.run("copy", self.store, wrong)
        self.assert_refused(ended, 77)
        self.assertNotIn(b"guessed", ended.errors)
