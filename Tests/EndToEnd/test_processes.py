"""Several processes on one store: one writes, any number read."""

import json
import os
import random
import subprocess
import threading
import time

import events
import tool
from case import SEED, Case

REAL = events.main_input()


class SecondWriterTests(Case):
    def start_first(self):
        """An append that has the store and waits for input."""
        first = tool.Running("append", self.store)
        self.addCleanup(first.kill)
        first.write(events.line(1))
        self.assertEqual(len(first.wait_for_lines(1)), 1)
        return first

    def test_ends_at_once_and_names_the_first(self):
        first = self.start_first()
        for data in (events.line(2), events.line(1), b"not even JSON\n"):
            second = tool.run("append", self.store, input=data)
            self.assert_refused(second, 75, "s.strata", str(first.pid))
            self.assertEqual(second.output, b"")
            self.assertTrue(first.is_running)
        # It does not wait for its input either.
        with tool.Running("append", self.store) as waiting:
            self.assertEqual(waiting.process.wait(tool.TIME_LIMIT), 75)

        rest = events.lines(range(3, 1001))
        ended = first.end(rest)
        self.assertEqual((ended.status, ended.errors), (0, b""))
        self.assertEqual(len(ended.lines), 999)
        self.assertEqual(len(self.export().splitlines()), 999)
        self.assert_sound()

    def test_is_let_in_once_the_first_has_ended_or_was_killed(self):
        first = self.start_first()
        first.end()
        self.fill(events.line(2))
        first = tool.Running("append", self.store)
        self.addCleanup(first.kill)
        first.write(events.line(3))
        first.wait_for_lines(1)
        first.kill()
        first.end()
        self.fill(events.line(4))
        self.assertEqual(len(self.export().splitlines()), 4)

    def test_demo_is_a_writer_too(self):
        self.store = self.path("strata-demo.strata")
        first = self.start_first()
        second = tool.run("demo", cwd=self.folder)
        self.assertEqual(second.status, 75)
        self.assertIn(str(first.pid).encode(), second.errors)
        self.assertEqual(first.end().status, 0)

    def test_only_one_of_many_that_start_together_makes_the_store(self):
        starting = [tool.Running("append", self.store) for _ in range(6)]
        for number, running in enumerate(starting):
            threading.Thread(target=running.write, args=(events.line(number + 1),), daemon=True).start()
        time_limit = time.monotonic() + tool.TIME_LIMIT
        while sum(running.is_running for running in starting) > 1 and time.monotonic() < time_limit:
            time.sleep(0.01)
        ended = [running.end() for running in starting]
        self.assertEqual(sorted(end.status for end in ended), [0] + [75] * 5, [end.errors for end in ended])
        self.assertEqual(len(self.export().splitlines()), 1)
        self.assert_sound()


class ReadingBesideAWriterTests(Case):
    def test_export_and_read_see_a_prefix(self):
        lines = REAL.splitlines(keepends=True)
        generator = random.Random(SEED)
        writer = tool.Running("append", self.store)
        self.addCleanup(writer.kill)
        seen, at, lengths = [], 0, []
        while at < len(lines):
            piece = generator.choice([1, 10, 200, 700])
            writer.write(b"".join(lines[at:at + piece]))
            at = min(len(lines), at + piece)
            if generator.random() < 0.5:
                writer.wait_for_lines(at)
            elif not writer.wait_for_lines(1):
                continue
            acknowledged = len(writer.lines())
            with self.subTest(written=at, acknowledged=acknowledged):
                export = self.succeed("export", self.store).output
                self.assertTrue(export.endswith(b"\n") or not export)
                seen.append(export)
                newest = self.succeed("read", self.store, "--all", "--backwards", "--limit", 1).objects
                self.assertGreaterEqual(newest[0]["position"] if newest else 0, len(export.splitlines()))
                report = self.assert_sound()
                self.assertGreaterEqual(report["events"], len(export.splitlines()))
        writer.wait_for_lines(len(lines))
        # Once the writer has been idle for a moment, everything acknowledged shows, without its being closed.
        for _ in range(600):
            export = self.export()
            if len(export.splitlines()) == len(lines):
                break
            time.sleep(0.05)
        self.assertEqual(len(export.splitlines()), len(lines))
        self.assertTrue(writer.is_running)
        ended = writer.end()
        self.assertEqual((ended.status, len(ended.lines)), (0, len(lines)))
        final = self.export()
        self.assertEqual(final, export)
        for earlier in seen:
            lengths.append(len(earlier.splitlines()))
            self.assertTrue(final.startswith(earlier))
        self.assertEqual(lengths, sorted(lengths))
        self.assertGreater(len(set(lengths)), 2, "all exports saw the same")

    def test_readers_do_not_wait_for_each_other(self):
        self.fill(REAL)
        export = self.export()
        readers = [tool.Running("export", self.store) for _ in range(5)]
        for reader in readers:
            ended = reader.end()
            self.assertEqual((ended.status, ended.output == export), (0, True))

    def test_a_reader_holds_no_writer_up(self):
        self.fill(REAL)
        before = self.export()
        # It has written what fits into a pipe that nobody reads, and stands still.
        read_end, write_end = os.pipe()
        reader = subprocess.Popen([tool.PATH, "export", self.store], stdout=write_end)
        os.close(write_end)
        try:
            first = os.read(read_end, 1)
            self.fill(events.lines(range(1, 1001)))
            self.assertIsNone(reader.poll())
            output = first
            while piece := os.read(read_end, 1 << 20):
                output += piece
            self.assertEqual(reader.wait(tool.TIME_LIMIT), 0)
        finally:
            reader.kill()
            reader.wait()
            os.close(read_end)
        self.assertEqual(output, before)
        self.assertEqual(json.loads(self.export().splitlines()[-1])["position"], len(before.splitlines()) + 1000)
