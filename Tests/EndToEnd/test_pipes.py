"""Pipes and terminals: who reads slowly, stops reading, pauses, or looks at a screen."""

import errno
import json
import os
import pty
import re
import select
import subprocess
import threading
import time
import tty

import events
import tool
from case import Case

REAL = events.main_input()


class PipeTests(Case):
    def shell(self, script, *arguments):
        return subprocess.run(
            ["bash", "-c", script, tool.PATH, *map(str, arguments)], capture_output=True, timeout=tool.TIME_LIMIT,
            cwd=self.folder)

    def test_a_reader_that_has_enough_ends_it_quietly(self):
        self.fill(REAL)
        first = self.export().splitlines(keepends=True)[0]
        for command in ("export s.strata", "read s.strata --all", "read s.strata --all --backwards",
                        "export s.strata --format text", f"inspect {self.segment()} --format text"):
            with self.subTest(command=command):
                ended = self.shell(f'"$0" {command} | head -n 1; echo "${{PIPESTATUS[0]}}"')
                self.assertEqual(ended.stderr, b"")
                line, status = ended.stdout.splitlines(keepends=True)
                self.assertEqual(status, b"0\n")
                if command == "export s.strata":
                    self.assertEqual(line, first)

    def test_append_without_a_reader_of_acknowledgements_ends_quietly(self):
        with open(self.path("input.ndjson"), "wb") as file:
            file.write(REAL)
        ended = self.shell('"$0" append s.strata input.ndjson | head -n 1 > /dev/null; echo "${PIPESTATUS[0]}"')
        self.assertEqual(ended.stderr, b"")
        # All is stored before anyone notices, or the work is unfinished.
        self.assertIn(ended.stdout, (b"0\n", b"141\n"))
        self.assert_sound()
        again = self.succeed("append", self.store, "--skip-existing", input=REAL)
        self.assertEqual(len(again.lines), events.COMMITS)

    def test_a_full_device_is_an_error(self):
        self.fill(REAL)
        for command in ("export s.strata", "stats s.strata", "verify s.strata"):
            with self.subTest(command=command):
                ended = self.shell(f'"$0" {command} > /dev/full')
                self.assertEqual(
                    (ended.returncode, ended.stderr), (74, b"strata: standard output: No space left on device\n"))

    def test_acknowledgements_come_while_the_input_pauses(self):
        with tool.Running("append", self.store) as running:
            for number in range(1, 30, 3):
                running.write(events.line(number) + events.line(number + 1))
                # No more input comes until both are acknowledged.
                lines = running.wait_for_lines(number // 3 * 3 + 2)
                self.assertEqual(json.loads(lines[-1])["line"], number + 1)
                half = events.line(number + 2)
                running.write(half[:50])
                running.write(half[50:])
                self.assertEqual(len(running.wait_for_lines(number + 2)), number + 2)
            ended = running.end()
        self.assertEqual((ended.status, ended.errors), (0, b""))

    def test_a_named_pipe_that_pauses(self):
        for place in ("argument", "standard input"):
            with self.subTest(place=place):
                self.store = self.path(f"{place}.strata")
                fifo = self.path(f"{place}.fifo")
                os.mkfifo(fifo)
                # Opened for both directions, so that neither side waits for the other.
                descriptor = os.open(fifo, os.O_RDWR)
                arguments = ["append", self.store, fifo] if place == "argument" else ["append", self.store]
                options = {"stdin": subprocess.DEVNULL}
                if place != "argument":
                    options = {"stdin": os.open(fifo, os.O_RDONLY)}
                with tool.Running(*arguments, **options) as running:
                    os.write(descriptor, events.lines(range(1, 11)) + b'{"aggregate_type":"Or')
                    self.assertEqual(len(running.wait_for_lines(10)), 10)
                    self.assertTrue(running.is_running)
                    rest = events.line(11)
                    start = rest.index(b'"Or') + 3
                    os.write(descriptor, rest[start:])
                    running.wait_for_lines(11)
                    os.close(descriptor)
                    ended = running.end()
                if place != "argument":
                    os.close(options["stdin"])
                self.assertEqual((ended.status, ended.errors), (0, b""))
                self.assertEqual(len(ended.lines), 11)

    def test_input_in_single_bytes(self):
        data = events.lines(range(1, 4))
        with tool.Running("append", self.store) as running:
            for byte in data:
                running.write(bytes([byte]))
            ended = running.end()
        self.assertEqual(len(ended.lines), 3)

    def test_a_slow_reader_of_acknowledgements_loses_none(self):
        process = subprocess.Popen(
            [tool.PATH, "append", self.store], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        feeder = threading.Thread(target=lambda: (process.stdin.write(REAL), process.stdin.close()), daemon=True)
        feeder.start()
        output = b""
        while piece := os.read(process.stdout.fileno(), 4096):
            output += piece
            time.sleep(0.0005)
        self.assertEqual(process.wait(tool.TIME_LIMIT), 0)
        self.assertEqual(process.stderr.read(), b"")
        process.stdout.close()
        process.stderr.close()
        self.assertEqual([json.loads(line)["line"] for line in output.splitlines()],
                         list(range(1, events.COMMITS + 1)))

    def test_an_export_feeds_an_append(self):
        self.fill(REAL)
        ended = self.shell('set -o pipefail; "$0" export s.strata | "$0" append copy.strata > acks')
        self.assertEqual((ended.returncode, ended.stderr), (0, b""))
        self.assertEqual(
            events.without_stored_at(self.export(self.path("copy.strata"))), events.without_stored_at(self.export()))


class TerminalTests(Case):
    def on_terminal(self, *arguments, output=False, errors=False, feed=None):
        """Runs the tool with standard output or standard error, or both, on a terminal.

        Returns the exit code, what the terminal showed, and what came through the pipe beside it.
        """
        controller, terminal = pty.openpty()
        tty.setraw(terminal)
        process = subprocess.Popen(
            [tool.PATH, *map(str, arguments)], stdin=subprocess.PIPE,
            stdout=terminal if output else subprocess.PIPE, stderr=terminal if errors else subprocess.PIPE)
        os.close(terminal)
        pipe = process.stderr if output and not errors else process.stdout if errors and not output else None
        if feed:
            threading.Thread(target=feed, args=(process.stdin,), daemon=True).start()
        else:
            process.stdin.close()
        shown, piped = b"", b""
        descriptors = {controller} | ({pipe.fileno()} if pipe else set())
        while descriptors:
            ready, _, _ = select.select(list(descriptors), [], [], tool.TIME_LIMIT)
            self.assertTrue(ready, "the tool hangs")
            for descriptor in ready:
                try:
                    piece = os.read(descriptor, 1 << 16)
                except OSError as error:
                    # What a terminal says once the other side is closed.
                    self.assertEqual(error.errno, errno.EIO)
                    piece = b""
                if not piece:
                    descriptors.remove(descriptor)
                elif descriptor == controller:
                    shown += piece
                else:
                    piped += piece
        os.close(controller)
        status = process.wait(tool.TIME_LIMIT)
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
        return status, shown.decode(), piped

    @staticmethod
    def slowly(stream):
        """Feeds a hundred lines in about half a second."""
        for number in range(1, 101):
            stream.write(events.line(number))
            stream.flush()
            time.sleep(0.005)
        stream.close()

    def test_results_are_for_people(self):
        self.fill(events.lines(range(1, 11)))
        for command, pattern in (
            ("read S --all", r"\APOSITION +STREAM +VERSION"), ("stats S", r"(?m)^events: +10\r?$"),
            ("verify S", r"(?m)^result: +sound\r?$"), (f"inspect {self.segment()}", r"(?m)^ *OFFSET +LENGTH +KIND"),
        ):
            with self.subTest(command=command):
                status, shown, piped = self.on_terminal(*command.replace("S", self.store, 1).split(), output=True)
                self.assertEqual((status, piped), (0, b""))
                self.assertRegex(shown, pattern)
                status, shown, _ = self.on_terminal(
                    *command.replace("S", self.store, 1).split(), "--format", "json", output=True)
                self.assertEqual(status, 0)
                for line in shown.splitlines():
                    json.loads(line)

    def test_export_stays_ndjson(self):
        self.fill(events.lines(range(1, 11)))
        status, shown, piped = self.on_terminal("export", self.store, output=True)
        self.assertEqual((status, shown.encode(), piped), (0, self.export(), b""))

    def test_append_shows_lines_for_people(self):
        status, shown, piped = self.on_terminal("append", self.store, output=True, feed=self.slowly)
        self.assertEqual(status, 0)
        self.assertRegex(shown, r"(?m)^line 1: Order/\S+ version 1, position 1\r?$")
        self.assertIn(b"100 commits appended", piped)

    def test_long_work_shows_how_far_it_is(self):
        status, shown, piped = self.on_terminal("append", self.store, errors=True, feed=self.slowly)
        self.assertEqual((status, len(piped.splitlines())), (0, 100))
        self.assertRegex(shown, r"\r\x1b\[K[\d.]+ (bytes|KiB), [\d.]+ (bytes|KiB) a second")
        # At the end the line is gone.
        self.assertTrue(shown.endswith("\r\x1b[K"), shown[-80:])
        self.assertNotIn("\n", shown)

    def test_work_whose_size_is_known_shows_the_time_left(self):
        # Verifying 300 MB takes longer than a tenth of a second, after which the line appears.
        data = '"' + "x" * (16 * 1024 * 1024 - 2) + '"'
        with open(self.path("input.ndjson"), "wb") as file:
            for number in range(1, 13):
                file.write(events.line(number, number % 3, data=data))
        status, shown, _ = self.on_terminal("append", self.store, self.path("input.ndjson"), errors=True)
        self.assertEqual(status, 0)
        self.assertRegex(shown, r"a second, \d+ %, (\d+ min )?\d+ s left")
        status, shown, piped = self.on_terminal("verify", self.store, errors=True)
        self.assertEqual((status, json.loads(piped)["sound"]), (0, True))
        if shown:
            self.assertRegex(shown, r"[\d.]+ MiB, [\d.]+ (MiB|GiB) a second, \d+ %")

    def test_no_progress_without_a_terminal(self):
        with tool.Running("append", self.store) as running:
            self.slowly(running.process.stdin)
            ended = running.end()
        self.assertEqual((ended.status, ended.errors), (0, b""))
        # On a screen full of results it would only disturb.
        status, shown, _ = self.on_terminal("append", self.path("other.strata"), output=True, errors=True,
                                            feed=self.slowly)
        self.assertEqual(status, 0)
        self.assertNotIn("a second", shown)
        self.assertNotIn("\x1b", shown)

    def test_stored_control_characters_do_not_reach_the_terminal(self):
        self.fill(events.line(1, event_type="A\u009b31mB", metadata={"actor": "\x1b[2J"}))
        for command in ("read S --all", "export S --format text", f"inspect {self.segment()}"):
            _, shown, _ = self.on_terminal(*command.replace("S", self.store, 1).split(), output=True)
            self.assertIsNone(re.search(r"[\x1b\x9b\x07]", shown), command)
