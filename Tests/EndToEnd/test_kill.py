"""SIGKILL at random moments: nothing acknowledged is lost, and a repeated run completes the store."""

import json
import os
import random
import shutil
import threading
import time

import events
import tool
from case import LONG, SEED, Case

KILLS = int(os.environ.get("STRATA_KILLS", "200" if LONG else "20"))
REAL = events.main_input()


class KillTests(Case):
    time_limit = 3600 if LONG else 120

    def undisturbed(self, data):
        """The export of a run that nobody disturbs, without what differs from run to run, and the run's time."""
        store = self.path("undisturbed.strata")
        start = time.monotonic()
        self.fill(data, store)
        duration = time.monotonic() - start
        return events.without_stored_at(self.export(store)).splitlines(), duration

    def segment_size(self):
        try:
            return os.path.getsize(self.segment())
        except FileNotFoundError:
            # Not there yet, or an unfinished creation is being begun again.
            return 0

    def kill(self, data, generator, duration, *options):
        """Starts an append and kills it at a random moment. Returns the acknowledgements that came through.

        The moment is a time, a number of acknowledgements, or a size of the segment; the input comes all at once, or
        in pieces with pauses, so that kills meet large and small writes, writes under way, many and few syncs, and the
        making of the store.
        """
        way = generator.choice(["soon", "time", "acknowledgements", "pieces", "growing", "growing"])
        total = data.count(b"\n")
        with tool.Running("append", self.store, *options) as running:
            pieces = [data]
            moment = generator.random()
            if way == "pieces":
                size = max(1, len(data) // 200)
                pieces = [data[at:at + size] for at in range(0, len(data), size)]

            def feed():
                for piece in pieces:
                    if not running.write(piece):
                        return
                    if len(pieces) > 1:
                        time.sleep(0.002)

            feeder = threading.Thread(target=feed, daemon=True)
            feeder.start()
            if way == "soon":
                time.sleep(0.04 * moment)
            elif way == "time":
                time.sleep(duration * moment)
            elif way == "growing":
                while running.is_running and len(running.lines()) < total:
                    if self.segment_size() > len(data) * moment:
                        break
            else:
                running.wait_for_lines(max(1, int(total * moment)))
            running.kill()
            ended = running.end()
            feeder.join(tool.TIME_LIMIT)
        # What the kill cut off in the middle of a line says nothing.
        complete = ended.output[:ended.output.rfind(b"\n") + 1]
        acknowledged = [json.loads(line) for line in complete.splitlines()]
        self.assertIn(ended.status, (0, -9), ended.errors)
        self.assertEqual(ended.errors, b"")
        for warning in ended.warnings:
            self.assertIn("a torn tail was moved to quarantine", warning)
        return way, acknowledged

    def check_survivors(self, acknowledged, expected, sizes):
        """Everything acknowledged is there, in its place, and nothing but a prefix of the undisturbed store."""
        ended = tool.run("export", self.store)
        if not acknowledged and ended.status != 0:
            # Killed before there was a store: said in one line, and the next run makes one.
            self.assert_refused(ended, 65 if os.path.exists(self.store) else 74, "store")
            return 0
        self.assertEqual((ended.status, ended.errors), (0, b""))
        survivors = events.without_stored_at(ended.output).splitlines()
        self.assertEqual(survivors, expected[:len(survivors)])
        for ack in acknowledged:
            self.assertLessEqual(ack["position"], len(survivors))
            event = json.loads(survivors[ack["position"] - 1])
            self.assertEqual(
                (ack["stream"], ack["version"]),
                (f"{event['aggregate_type']}/{event['aggregate_id']}", event["version"]))
        report = self.assert_sound()
        self.assertEqual(report["events"], len(survivors))
        self.assertEqual(report["last_position"], len(survivors) or None)
        # A commit is there as a whole or not at all.
        whole, at = 0, 0
        while at < len(survivors):
            at += sizes[whole]
            whole += 1
        self.assertEqual(at, len(survivors))
        self.assertEqual(report["commits"], whole)
        return whole

    def check_completion(self, data, expected, sizes, survivors):
        verified = tool.run("verify", self.store)
        is_torn = verified.status == 0 and verified.object["torn_tail"]
        again = self.succeed(
            "append", self.store, "--skip-existing", input=data,
            warns="a torn tail was moved to quarantine" if is_torn else None).objects
        self.assertEqual([ack["line"] for ack in again], list(range(1, len(sizes) + 1)))
        existing = [ack["line"] for ack in again if ack.get("existing")]
        self.assertEqual(existing, list(range(1, survivors + 1)))
        self.assertEqual(events.without_stored_at(self.export()).splitlines(), expected)
        report = self.assert_sound()
        self.assertIsNone(report["torn_tail"])

    def kill_again_and_again(self, data, sizes, kills, seed):
        expected, duration = self.undisturbed(data)
        generator = random.Random(seed)
        landed = torn = 0
        for number in range(kills):
            self.store = self.path(f"{number}.strata")
            # Sometimes the run that repeats a killed one is killed, too.
            rounds = generator.choice([1, 1, 1, 2, 3])
            for attempt in range(rounds):
                way, acknowledged = self.kill(data, generator, duration, *(["--skip-existing"] if attempt else []))
                with self.subTest(seed=seed, kill=number, attempt=attempt, way=way, acknowledged=len(acknowledged)):
                    survivors = self.check_survivors(acknowledged, expected, sizes)
                    landed += 0 < survivors < len(sizes)
            with self.subTest(seed=seed, kill=number, survivors=survivors):
                self.check_completion(data, expected, sizes, survivors)
            torn += len(os.listdir(os.path.join(self.store, "quarantine")))
            shutil.rmtree(self.store)
        print(f"seed {seed}: {kills} kills, {landed} in the middle of the log, {torn} torn tails", flush=True)
        # Kills that all come too early or too late would show nothing.
        self.assertGreaterEqual(landed, kills // 4)

    def test_of_the_real_input(self):
        self.kill_again_and_again(REAL, [1] * REAL.count(b"\n"), KILLS, SEED)

    def test_of_commits_of_several_events(self):
        data, ids = events.commits_of_several(seed=SEED, commits=400, payload=2000)
        self.kill_again_and_again(data, [len(commit) for commit in ids], max(1, KILLS // 4), SEED + 1)

    def test_of_long_commits_that_take_long_to_write(self):
        data, ids = events.commits_of_several(seed=SEED, commits=16, most=6, payload=1 << 20)
        self.kill_again_and_again(data, [len(commit) for commit in ids], max(1, KILLS // 6), SEED + 2)

    def test_around_the_change_to_the_next_segment(self):
        # A segment has 64 MiB, and the tool has no option to make it smaller.
        commits, segments, acknowledged_at = (20, 3, [6, 7, 8, 13, 14, 15]) if LONG else (10, 2, [6, 7])
        payload = '"' + "x" * ((8 << 20) - 2) + '"'
        data = b"".join(events.line(number, number % 3, data=payload) for number in range(1, commits + 1))
        expected, _ = self.undisturbed(data)
        files = os.listdir(self.path("undisturbed.strata/events"))
        self.assertEqual(len([name for name in files if name.endswith(".seg")]), segments)
        generator = random.Random(SEED + 3)
        for number in range(max(2, KILLS // 8)):
            self.store = self.path(f"{number}.strata")
            with tool.Running("append", self.store) as running:
                feeder = threading.Thread(target=running.write, args=(data,), daemon=True)
                feeder.start()
                running.wait_for_lines(generator.choice(acknowledged_at))
                time.sleep(0.05 * generator.random())
                running.kill()
                ended = running.end()
                feeder.join(tool.TIME_LIMIT)
            acknowledged = [json.loads(line) for line in ended.output[:ended.output.rfind(b"\n") + 1].splitlines()]
            with self.subTest(seed=SEED + 3, kill=number, acknowledged=len(acknowledged)):
                survivors = self.check_survivors(acknowledged, expected, [1] * commits)
                self.check_completion(data, expected, [1] * commits, survivors)
            shutil.rmtree(self.store)

    def test_of_a_run_that_only_finds_existing_commits(self):
        data = events.lines(range(1, 2001))
        self.fill(data)
        export = self.export()
        generator = random.Random(SEED + 4)
        for _ in range(max(1, KILLS // 4)):
            self.kill(data, generator, 0.2, "--skip-existing")
            self.assertEqual(self.export(), export)
            self.assert_sound()
