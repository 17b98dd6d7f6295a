"""What all end-to-end tests share: a folder of their own, a time limit, and checks of what the tool says."""

import hashlib
import os
import signal
import subprocess
import tempfile
import unittest

import tool

LONG = os.environ.get("STRATA_LONG") == "1"
SEED = int(os.environ.get("STRATA_SEED", "20260115"))
FIRST_SEGMENT = "events/00000000000000000001.seg"


class Case(unittest.TestCase):
    # What a tool that crashed has said is long.
    maxDiff = None

    time_limit = 600 if LONG else 90

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="strata-end-to-end-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.store = self.path("s.strata")
        signal.signal(signal.SIGALRM, self.time_is_over)
        signal.alarm(self.time_limit)
        self.addCleanup(signal.alarm, 0)

    def time_is_over(self, *_):
        raise TimeoutError(f"the test took longer than {self.time_limit} s")

    def path(self, name):
        return os.path.join(self.folder, name)

    def succeed(self, *arguments, warns=None, **options):
        """Runs the tool, which must succeed and complain about nothing, but for a warning that is expected."""
        ended = tool.run(*arguments, **options)
        self.assertEqual((ended.status, ended.errors), (0, b""), arguments)
        self.assert_warns(ended, warns)
        return ended

    def assert_warns(self, ended, text):
        """Exactly one warning with this text; none where that is None."""
        self.assertEqual(len(ended.warnings), text is not None, ended.warnings)
        for warning in ended.warnings:
            self.assertIn(text, warning)

    def fill(self, data, store=None, **options):
        return self.succeed("append", store or self.store, input=data, **options)

    def export(self, store=None):
        return self.succeed("export", store or self.store).output

    def assert_refused(self, ended, status, *says, warns=None):
        """An exit code, and exactly one clear line on standard error, beside a warning that is expected."""
        self.assert_warns(ended, warns)
        errors = ended.errors.decode()
        self.assertEqual(ended.status, status, errors)
        self.assertTrue(errors.startswith("strata: ") and errors.endswith("\n"), errors)
        self.assertEqual(errors.count("\n"), 1, errors)
        self.assertNotIn("Fatal error", errors)
        # Codes of errors are fine; what a debugger prints of Swift values is not.
        self.assertNotRegex(errors, r"\w+\(\w+: |Optional\(|\bat 0x|\.swift")
        for text in says:
            self.assertIn(text, errors)

    def assert_sound(self, store=None):
        ended = tool.run("verify", store or self.store)
        self.assertEqual((ended.status, ended.errors, ended.warnings), (0, b"", []), ended.output)
        report = ended.object
        self.assertTrue(report["sound"])
        self.assertEqual((report["damage"], report["damaged_snapshots"]), ([], []))
        return report

    def digests(self, folder=None):
        """The digest of every file below a folder but LOCK, which names the process that last had it."""
        found = {}
        for place, _, names in os.walk(folder or self.store):
            for name in names:
                path = os.path.join(place, name)
                if name != "LOCK":
                    with open(path, "rb") as file:
                        found[os.path.relpath(path, folder or self.store)] = hashlib.file_digest(
                            file, "sha256").hexdigest()
        return found

    def segment(self, store=None):
        return os.path.join(store or self.store, FIRST_SEGMENT)

    def mount(self, size):
        """A small file system of its own, in memory. Skips the test where that is not possible."""
        if os.geteuid() != 0:
            self.skipTest("only root can mount a small file system")
        place = self.path("disk")
        os.mkdir(place)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"mounting a small file system failed: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)
        return place

    def remount(self, place, options):
        subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)
