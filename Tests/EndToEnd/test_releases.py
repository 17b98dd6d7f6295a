"""Truncation, deletion, backup and restoring, as an operator does them."""

import json
import os
import uuid

import events
import tool
from case import SEED, Case

DATA = events.history(seed=SEED, commits=300, streams=12)


class ReleaseTests(Case):
    def setUp(self):
        super().setUp()
        self.streams = {}
        for acknowledgement in self.fill(DATA).objects:
            self.streams[acknowledgement["stream"]] = acknowledgement["version"]
        self.order = sorted(self.streams, key=lambda name: (-self.streams[name], name))

    def versions(self, stream):
        return [event["version"] for event in self.succeed("read", self.store, "--stream", stream).objects]

    def test_a_truncated_stream_begins_later_and_the_rest_is_untouched(self):
        stream = self.order[0]
        last = self.streams[stream]
        before = [json.loads(line) for line in self.export().splitlines()]
        told = self.succeed("truncate", self.store, stream, "--before", str(last), "--expected-version", str(last))
        self.assertEqual(
            told.objects,
            [{"stream": stream, "version": last, "first_version": last, "truncated": True, "tombstone": False}])
        self.assertEqual(self.versions(stream), [last])
        name = lambda event: f"{event['aggregate_type']}/{event['aggregate_id']}"
        kept = [event for event in before if name(event) != stream or event["version"] == last]
        self.assertEqual([json.loads(line) for line in self.export().splitlines()], kept)
        self.assert_sound()

    def test_a_deleted_stream_goes_on_behind_its_last_version(self):
        stream = self.order[0]
        last = self.streams[stream]
        told = self.succeed("delete", self.store, stream).objects[0]
        self.assertEqual((told["version"], told["first_version"], told["tombstone"]), (last, last + 1, False))
        self.assertEqual(self.versions(stream), [])
        line = json.loads(next(line for line in DATA.splitlines() if json.loads(line)["aggregate_id"] in stream))
        line["expected_version"] = "no_stream"
        again = self.fill((json.dumps(line) + "\n").encode()).objects
        self.assertEqual(again[0]["version"], last + 1)

    def test_a_tombstone_refuses_appends_for_good(self):
        stream = self.order[0]
        self.succeed("delete", self.store, stream, "--tombstone")
        line = json.loads(next(line for line in DATA.splitlines() if json.loads(line)["aggregate_id"] in stream))
        ended = tool.run("append", self.store, input=(json.dumps(line) + "\n").encode())
        self.assertEqual(ended.status, 1)
        self.assertIn(b"stream_deleted", ended.output)
        other = dict(line, aggregate_id=self.order[1].split("/")[1], aggregate_type=self.order[1].split("/")[0])
        ended = tool.run("append", self.store, input=b"".join(
            json.dumps(dict(one, event_id=str(uuid.uuid4()))).encode() + b"\n" for one in (line, other)))
        self.assertEqual(["error" in report for report in ended.objects], [True, False], ended.output)
        self.assert_refused(ended, 1, "line 1", "stream_deleted")
        self.assert_refused(tool.run("truncate", self.store, stream, "--before", "1"), 1, "tombstone")
        self.succeed("delete", self.store, stream, "--tombstone", "--expected-version", "any")

    def test_what_cannot_be_is_refused(self):
        stream = self.order[0]
        last = self.streams[stream]
        before = self.export()
        refused = [
            (("truncate", self.store, stream, "--before", str(last + 2)), 65),
            (("truncate", self.store, stream, "--before", "0"), 65),
            (("truncate", self.store, stream, "--before", "1", "--expected-version", str(last + 1)), 1),
            (("truncate", self.store, "Order", "--before", "1"), 64),
            (("truncate", self.store, stream, "--before", "1", "--expected-version", "old"), 64),
            (("delete", self.store, "Order/00000000-0000-0000-0000-000000000001"), 1),
            (("delete", self.path("none"), stream), 74),
        ]
        for arguments, status in refused:
            with self.subTest(arguments):
                self.assert_refused(tool.run(*arguments), status)
        self.assertFalse(os.path.exists(self.path("none")))
        self.assertEqual(self.export(), before)


class BackupTests(Case):
    def test_a_backup_verifies_reads_and_is_restored(self):
        self.fill(DATA)
        report = self.succeed("backup", self.store, self.path("backup")).objects[0]
        self.assertEqual((report["events"], report["last_position"]), (300, 300))
        self.assertEqual(self.export(self.path("backup")), self.export())
        self.assert_sound(self.path("backup"))
        self.succeed("restore", self.path("backup"), self.path("restored"))
        self.assertEqual(self.export(self.path("restored")), self.export())
        self.fill(events.history(seed=SEED + 1, commits=20, streams=3), self.path("restored"))
        self.assertEqual(self.export(self.path("backup")), self.export())

    def test_a_backup_is_brought_up_to_date(self):
        self.fill(DATA)
        for seed in (1, 2):
            self.succeed("backup", self.store, self.path("backup"), "--copy")
            self.fill(events.history(seed=SEED + seed, commits=50, streams=3))
        self.succeed("backup", self.store, self.path("backup"))
        self.assertEqual(self.export(self.path("backup")), self.export())

    def test_places_that_hold_anything_else_are_refused(self):
        self.fill(DATA)
        self.succeed("backup", self.store, self.path("backup"))
        self.assert_refused(tool.run("backup", self.store, self.store), 73)
        self.assert_refused(tool.run("backup", self.path("backup"), self.store), 73)
        self.assert_refused(tool.run("restore", self.path("backup"), self.store), 73)
        self.assert_refused(tool.run("backup", self.path("none"), self.path("other")), 74)
        self.assertEqual(self.export(self.path("backup")), self.export())
