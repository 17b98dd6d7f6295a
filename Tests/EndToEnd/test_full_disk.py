"""A full disk: what did not fit is reported, the log stays sound, and with room the work goes on."""

import json
import os
import resource

import events
import tool
from case import Case

REAL = events.main_input()


class FullDiskTests(Case):
    def setUp(self):
        super().setUp()
        self.disk = self.mount("1m")
        self.store = os.path.join(self.disk, "s.strata")

    def fill_up(self):
        """Leaves no room. Returns the file that takes it."""
        path = os.path.join(self.disk, "filler")
        with open(path, "wb", buffering=0) as file, self.assertRaises(OSError):
            while True:
                file.write(bytes(4096))
        return path

    def assert_no_room(self, ended, *says):
        """The failure in one line; a warning that there is no room for the mark behind the last commit may be there."""
        for warning in ended.warnings:
            self.assertIn("no room to mark the end of the log", warning)
        ended.warnings.clear()
        self.assert_refused(ended, 74, "storage_full", *says)

    def check_full(self, data, known=()):
        """Appends more than fits. Returns what is acknowledged by now: `known`, and the acknowledgements of this run.

        The run ends at the first commit that does not fit; shorter ones that were on their way may have been stored.
        """
        ended = tool.run("append", self.store, "--skip-existing", input=data)
        self.assert_no_room(ended, "s.strata", "line ")
        reports = ended.objects
        self.assertEqual([report["line"] for report in reports], list(range(1, len(reports) + 1)))
        failed = [report["error"]["code"] for report in reports if "error" in report]
        self.assertEqual(set(failed), {"storage_full"})
        acknowledged = {ack["line"]: ack for ack in known}
        for report in reports:
            if "error" not in report:
                self.assertEqual(report.pop("existing", False), report["line"] in acknowledged)
                self.assertEqual(acknowledged.setdefault(report["line"], report), report)
        self.check_there(acknowledged.values())
        return sorted(acknowledged.values(), key=lambda ack: ack["line"])

    def check_there(self, acknowledged):
        exported = [json.loads(line) for line in self.export().splitlines()]
        for ack in acknowledged:
            event = exported[ack["position"] - 1]
            self.assertEqual(
                (ack["stream"], ack["version"]),
                (f"{event['aggregate_type']}/{event['aggregate_id']}", event["version"]))
        self.assertEqual(len(exported), len(acknowledged))
        report = self.assert_sound()
        self.assertEqual(report["events"], len(exported))
        self.assertIsNone(report["torn_tail"])

    def test_goes_on_once_there_is_room(self):
        acknowledged = self.check_full(REAL)
        self.assertTrue(0 < len(acknowledged) < events.COMMITS)
        # While it is still full, what is known is acknowledged again, and a little more may fit in smaller writes.
        acknowledged = self.check_full(REAL, acknowledged)

        self.remount(self.disk, "size=16m")
        again = self.succeed("append", self.store, "--skip-existing", input=REAL).objects
        self.assertEqual(len(again), events.COMMITS)
        self.assertEqual([ack for ack in again if ack.get("existing")],
                         [ack | {"existing": True} for ack in acknowledged])
        # Everything once. A short commit may have found room that a long one before it did not.
        def by_id(lines):
            return sorted(map(events.essence, lines), key=lambda event: event["event_id"])
        self.assertEqual(by_id(self.export().splitlines()), by_id(REAL.splitlines()))
        self.assert_sound()

    def test_goes_on_once_others_make_room(self):
        first = self.fill(events.lines(range(1, 11))).objects
        filler = self.fill_up()
        with open(self.path("input.ndjson"), "wb") as file:
            file.write(events.lines(range(1, 11)) + events.lines(range(11, 200)))
        ended = tool.run("append", self.store, "--skip-existing", self.path("input.ndjson"))
        self.assert_no_room(ended)
        os.remove(filler)
        again = self.succeed("append", self.store, "--skip-existing", self.path("input.ndjson")).objects
        # A short commit may have found room that a long one before it did not.
        self.assertEqual(sorted(ack["position"] for ack in again), list(range(1, 200)))
        self.check_there(first + again[10:])

    def test_a_commit_that_does_not_fit_leaves_nothing(self):
        self.fill(events.line(1))
        before = self.export()
        long = events.line(2, data='"' + "x" * (2 << 20) + '"')
        ended = tool.run("append", self.store, input=long)
        self.assert_no_room(ended)
        self.assertEqual(ended.object["error"]["code"], "storage_full")
        self.assertEqual(self.export(), before)
        self.assertIsNone(self.assert_sound()["torn_tail"])
        self.fill(events.line(3))
        self.assertEqual(len(self.export().splitlines()), 2)

    def test_no_room_for_a_store(self):
        filler = self.fill_up()
        ended = tool.run("append", self.store, input=events.line(1))
        self.assertIn(ended.status, (73, 74))
        self.assert_refused(ended, ended.status, "No space left on device")
        os.remove(filler)
        self.fill(events.line(1))

    def test_a_limit_on_the_size_of_files_is_one_too(self):
        self.store = self.path("limited.strata")
        limit = 256 << 10
        ended = tool.run(
            "append", self.store, input=REAL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assert_no_room(ended)
        acknowledged = [report for report in ended.objects if "error" not in report]
        self.assertTrue(0 < len(acknowledged) < events.COMMITS)
        self.check_there(acknowledged)
        again = self.succeed("append", self.store, "--skip-existing", input=REAL)
        self.assertEqual(len(again.lines), events.COMMITS)
