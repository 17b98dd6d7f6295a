"""The built tool as a user's process: run it, feed it, kill it, look at what it says."""

import dataclasses
import json
import os
import signal
import subprocess
import threading

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PATH = os.path.abspath(os.environ.get("STRATA_TOOL") or os.path.join(ROOT, ".build", "release", "strata"))
#: Several writers in a process, built beside the tool.
WRITERS = os.path.join(os.path.dirname(PATH), "EndToEndWriters")
TIME_LIMIT = 60.0
WARNING = b"strata: warning: "


@dataclasses.dataclass
class Ended:
    """What a process left behind."""

    status: int
    output: bytes
    #: Standard error without its warnings.
    errors: bytes
    #: What the engine found worth a line while the tool did its work.
    warnings: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self):
        lines = self.errors.splitlines(keepends=True)
        self.warnings = [line.decode() for line in lines if line.startswith(WARNING)]
        self.errors = b"".join(line for line in lines if not line.startswith(WARNING))

    @property
    def lines(self):
        return self.output.splitlines()

    @property
    def objects(self):
        return [json.loads(line) for line in self.lines]

    @property
    def object(self):
        (only,) = self.objects
        return only


def run(*arguments, input=b"", **options):
    """Runs the tool to its end. `input` is bytes for standard input; other options go to `subprocess.run`."""
    if "stdin" not in options:
        options["input"] = input
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    ended = subprocess.run([PATH, *map(str, arguments)], timeout=TIME_LIMIT, **options)
    return Ended(ended.returncode, ended.stdout or b"", ended.stderr or b"")


class Running:
    """The tool while it runs, with pipes on all sides. Reads its output on a thread, so that no pipe fills up."""

    def __init__(self, *arguments, program=PATH, stdin=subprocess.PIPE, **options):
        self.process = subprocess.Popen(
            [program, *map(str, arguments)], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self._lines = []
        self._fragment = b""
        self._changed = threading.Condition()
        self._output_ended = False
        self._errors = b""
        self._threads = [
            threading.Thread(target=self._read_output, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.kill()
        self.end()

    @property
    def pid(self):
        return self.process.pid

    @property
    def is_running(self):
        return self.process.poll() is None

    def _read_output(self):
        while piece := os.read(self.process.stdout.fileno(), 1 << 16):
            with self._changed:
                *lines, self._fragment = (self._fragment + piece).split(b"\n")
                self._lines += lines
                self._changed.notify_all()
        with self._changed:
            self._output_ended = True
            self._changed.notify_all()

    def _read_errors(self):
        self._errors = self.process.stderr.read()

    def write(self, data):
        """Writes to standard input. Returns whether anyone still reads there."""
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
            return True
        except (BrokenPipeError, ValueError):
            return False

    def close_input(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def lines(self):
        """The complete lines of output up to now."""
        with self._changed:
            return list(self._lines)

    def wait_for_lines(self, count):
        """Waits until so many complete lines of output are there, or the output ends. Returns all up to now."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._lines) >= count or self._output_ended, TIME_LIMIT)
            return list(self._lines)

    def signal(self, number):
        if self.is_running:
            self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)

    def end(self, data=b""):
        """Writes the rest of the input, closes it, and waits for the process."""
        if self.process.stdin and not self.process.stdin.closed:
            if data:
                self.write(data)
            self.close_input()
        try:
            self.process.wait(TIME_LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait()
            raise
        for thread in self._threads:
            thread.join(TIME_LIMIT)
        self.process.stdout.close()
        self.process.stderr.close()
        output = b"".join(line + b"\n" for line in self._lines) + self._fragment
        return Ended(self.process.returncode, output, self._errors)
