"""The main job on real input: append, export, read, and the same again."""

import json
import os
import re
import unittest

import events
import tool
from case import LONG, Case

DATA = events.main_input()
LINES = DATA.splitlines()


class RealInputTests(unittest.TestCase):
    def test_the_real_input_is_there(self):
        if events.real_input() is None:
            self.skipTest(f"NO REAL INPUT at {events.REAL_INPUT}: all tests run on generated events of the same shape")
        self.assertEqual(len(LINES), events.COMMITS)


class RoundTripTests(Case):
    maxDiff = 2000

    def check_round_trip(self, data):
        """Appends, exports, appends the export, exports again."""
        lines = data.splitlines()
        acknowledged = self.fill(data).objects
        self.assertEqual([ack["line"] for ack in acknowledged], list(range(1, len(lines) + 1)))
        self.assertEqual([ack["position"] for ack in acknowledged], list(range(1, len(lines) + 1)))
        export = self.export()
        exported = export.splitlines()
        self.assertEqual(len(exported), len(lines))
        for number, (given, got) in enumerate(zip(lines, exported), 1):
            self.assertEqual(events.essence(got), events.essence(given), f"line {number}")
        for ack, got in zip(acknowledged, map(json.loads, exported)):
            self.assertEqual(
                (ack["stream"], ack["version"], ack["position"]),
                (f"{got['aggregate_type']}/{got['aggregate_id']}", got["version"], got["position"]))

        copy = self.path("copy.strata")
        again = self.fill(export, copy).objects
        self.assertEqual(again, acknowledged)
        self.assertEqual(events.without_stored_at(self.export(copy)), events.without_stored_at(export))
        return acknowledged

    def test_real_input_comes_back_byte_for_byte(self):
        acknowledged = self.check_round_trip(DATA)
        self.assertEqual(len(acknowledged), events.COMMITS)
        self.assertEqual(len({ack["stream"] for ack in acknowledged}), events.STREAMS)

    def test_the_order_of_a_long_input_is_kept(self):
        # Long enough that the store has to look into frames to tell that an event id is new.
        data = events.history(seed=7, commits=400_000 if LONG else 40_000, streams=5_000)
        acknowledged = self.fill(data).objects
        self.assertEqual([ack["position"] for ack in acknowledged], list(range(1, data.count(b"\n") + 1)))
        exported = [json.loads(line)["event_id"] for line in self.export().splitlines()]
        self.assertEqual(exported, [json.loads(line)["event_id"] for line in data.splitlines()])

    def test_stubborn_json_comes_back_byte_for_byte(self):
        self.check_round_trip(events.stubborn_input())

    def test_instants_with_any_offset_and_fraction_stay_the_same(self):
        times = ["2026-01-15T10:30:45.123456789+01:00", "2025-12-31T23:59:59-11:30", "0001-06-01T00:00:00Z",
                 "1969-12-31T23:59:59.5Z", "9999-12-01T00:00:00.000000001+14:00", "2024-02-29T12:00:00+00:00"]
        self.check_round_trip(b"".join(events.line(n, occurred_at=time) for n, time in enumerate(times, 1)))

    def test_versions_count_each_stream(self):
        expected, versions = [], {}
        for given in map(json.loads, LINES):
            stream = f"{given['aggregate_type']}/{given['aggregate_id']}"
            versions[stream] = versions.get(stream, 0) + 1
            expected.append((stream, versions[stream]))
        acknowledged = self.fill(DATA).objects
        self.assertEqual([(ack["stream"], ack["version"]) for ack in acknowledged], expected)

    def test_commits_of_several_events_stay_together(self):
        data, ids = events.commits_of_several(seed=1, commits=200)
        acknowledged = self.fill(data).objects
        last = 0
        for ack, event_ids in zip(acknowledged, ids, strict=True):
            last += len(event_ids)
            self.assertEqual(ack["position"], last)
        exported = [json.loads(line)["event_id"] for line in self.export().splitlines()]
        self.assertEqual(exported, [event_id for commit in ids for event_id in commit])
        self.assertEqual(self.assert_sound()["commits"], 200)

    def test_payloads_that_are_not_json_come_back(self):
        given = events.line(1, data='"eA=="').replace(
            b'"data"', b'"content_type":"application/octet-stream","data_base64"')
        self.fill(given)
        self.assertEqual(json.loads(self.export())["data_base64"], "eA==")

    def test_a_file_is_read_as_standard_input_is(self):
        with open(self.path("input.ndjson"), "wb") as file:
            file.write(events.lines(range(1, 101)))
        from_file = self.succeed("append", self.store, self.path("input.ndjson"))
        other = self.path("other.strata")
        from_pipe = self.succeed("append", other, "-", input=events.lines(range(1, 101)))
        self.assertEqual(from_file.output, from_pipe.output)

    def test_line_ends_of_all_kinds_are_taken(self):
        data = b"\xef\xbb\xbf" + events.line(1).rstrip() + b"\r\n\n  \r\n" + events.line(2).rstrip()
        self.assertEqual([ack["line"] for ack in self.fill(data).objects], [1, 4])

    def test_expected_versions_are_kept(self):
        data = b"".join([
            events.line(1, expected_version="no_stream"), events.line(2, expected_version=1),
            events.line(3, expected_version="stream_exists"), events.line(4, expected_version="any"),
            events.line(5, expected_version=3), events.line(6, expected_version="no_stream"),
            events.line(7, 1, expected_version="stream_exists"), events.line(8)])
        ended = tool.run("append", self.store, input=data)
        self.assert_refused(ended, 1, "line 5", "2 more")
        codes = [report.get("error", {}).get("code") for report in ended.objects]
        self.assertEqual(codes, [None] * 4 + ["version_conflict"] * 3 + [None])
        self.assertEqual(len(self.export().splitlines()), 5)


class SecondRunTests(Case):
    def setUp(self):
        super().setUp()
        self.first = self.fill(DATA).objects
        self.before = self.digests()

    def test_is_refused_event_by_event(self):
        ended = tool.run("append", self.store, input=DATA)
        self.assert_refused(ended, 1, "line 1", f"{events.COMMITS - 1:,} more")
        self.assertEqual([report["line"] for report in ended.objects], list(range(1, events.COMMITS + 1)))
        for report in ended.objects:
            self.assertEqual(report["error"]["code"], "duplicate_event_id")
            self.assertNotIn("version", report)
        self.assertEqual(self.digests(), self.before)

    def test_is_acknowledged_with_skip_existing_and_adds_nothing(self):
        again = self.succeed("append", self.store, "--skip-existing", input=DATA).objects
        self.assertEqual(again, [ack | {"existing": True} for ack in self.first])
        self.assertEqual(self.digests(), self.before)

    def test_with_other_contents_under_a_known_id_is_an_error(self):
        other = LINES[0].replace(b'"subject":"', b'"subject":"not ', 1) + b"\n"
        ended = tool.run("append", self.store, "--skip-existing", input=other)
        self.assert_refused(ended, 1, "other contents")
        self.assertEqual(self.digests(), self.before)


class ReadTests(Case):
    """What read, stats, verify and inspect say agrees with the export."""

    def setUp(self):
        super().setUp()
        self.fill(DATA)
        self.all = self.export().splitlines(keepends=True)

    def read(self, *arguments):
        return self.succeed("read", self.store, *arguments).output.splitlines(keepends=True)

    def test_everything(self):
        self.assertEqual(self.read("--all"), self.all)
        self.assertEqual(self.read("--all", "--from", 100, "--to", 299), self.all[99:299])
        self.assertEqual(self.read("--all", "--from", 100, "--limit", 7), self.all[99:106])
        self.assertEqual(self.read("--all", "--backwards"), self.all[::-1])
        self.assertEqual(self.read("--all", "--backwards", "--from", 10, "--to", 20), self.all[9:20][::-1])
        self.assertEqual(self.read("--all", "--backwards", "--limit", 3), self.all[:-4:-1])
        self.assertEqual(self.read("--all", "--from", len(self.all) + 1), [])
        self.assertEqual(self.read("--all", "--from", 20, "--to", 10), [])
        self.assertEqual(self.read("--all", "--limit", 0), [])

    def test_a_stream(self):
        longest = max((json.loads(line) for line in self.all), key=lambda event: event["version"])
        name = f"{longest['aggregate_type']}/{longest['aggregate_id']}"
        marker = f'"aggregate_id":"{longest["aggregate_id"]}"'.encode()
        stream = [line for line in self.all if marker in line]
        self.assertEqual(len(stream), longest["version"])
        self.assertEqual(self.read("--stream", name), stream)
        self.assertEqual(self.read("--stream", name, "--from", 2, "--to", 4), stream[1:4])
        self.assertEqual(self.read("--stream", name, "--backwards"), stream[::-1])
        self.assertEqual(self.read("--stream", name, "--backwards", "--to", 5, "--limit", 2), stream[4:2:-1])
        self.assertEqual(self.read("--stream", name, "--from", 3, "--limit", 1), stream[2:3])
        self.assertEqual(self.read("--stream", name, "--from", longest["version"] + 1), [])
        self.assertEqual(self.read("--stream", name.upper().replace("FILE", "File")), stream)

    def test_a_type(self):
        self.assertEqual(self.read("--type", "File"), self.all)
        self.assertEqual(self.read("--type", "File", "--limit", 5), self.all[:5])
        self.assertEqual(self.read("--type", "File", "--from", 11, "--to", 20, "--backwards"), self.all[10:20][::-1])
        self.assertEqual(self.read("--type", "Other"), [])
        added = [line for line in self.all if b'"event_type":"FileAdded"' in line]
        self.assertEqual(self.read("--type", "File", "--event-type", "FileAdded"), added)
        stored_at = json.loads(self.all[3000])["stored_at"]
        since = [line for line in self.all if json.loads(line)["stored_at"] >= stored_at]
        self.assertEqual(self.read("--type", "File", "--since", stored_at), since)

    def test_text_is_a_table_of_the_same_events(self):
        rows = self.succeed("read", self.store, "--all", "--format", "text").output.decode().splitlines()
        self.assertEqual(rows[0].split()[:3], ["POSITION", "STREAM", "VERSION"])
        self.assertEqual([int(row.split()[0]) for row in rows[1:]], list(range(1, len(self.all) + 1)))
        exported = self.succeed("export", self.store, "--format", "text").output.decode().splitlines()
        self.assertEqual(exported, rows)

    def test_stats(self):
        stats = self.succeed("stats", self.store).object
        self.assertEqual(
            (stats["events"], stats["commits"], stats["streams"], stats["last_position"], stats["snapshots"]),
            (events.COMMITS, events.COMMITS, events.STREAMS, events.COMMITS, 0))
        self.assertEqual(
            stats["aggregate_types"], [{"name": "File", "streams": events.STREAMS, "events": events.COMMITS}])
        self.assertEqual(stats["event_bytes"], os.path.getsize(self.segment()))
        text = self.succeed("stats", self.store, "--format", "text").output.decode()
        self.assertRegex(text, r"(?m)^events: +5,041$")
        self.assertRegex(text, r"(?m)^streams: +1,262$")

    def test_verify(self):
        report = self.assert_sound()
        self.assertEqual(
            (report["events"], report["commits"], report["streams"], report["last_position"], report["torn_tail"]),
            (events.COMMITS, events.COMMITS, events.STREAMS, events.COMMITS, None))
        text = self.succeed("verify", self.store, "--format", "text").output.decode()
        self.assertRegex(text, r"(?m)^result: +sound$")

    def test_inspect(self):
        segment = self.succeed("inspect", self.segment()).object
        commits = [frame for frame in segment["frames"] if frame["kind"] == "commit"]
        self.assertEqual([frame["first_position"] for frame in commits], list(range(1, events.COMMITS + 1)))
        end = 64
        for frame in segment["frames"]:
            self.assertEqual(frame["offset"], end)
            end += frame["length"]
        self.assertEqual(end, segment["bytes"])
        for frame, event in zip(commits, map(json.loads, self.all)):
            self.assertEqual(frame["stream"], f"File/{event['aggregate_id']}")
            self.assertEqual(frame["event_types"], [event["event_type"]])
            self.assertEqual(frame["stored_at"], event["stored_at"])
        text = self.succeed("inspect", self.segment(), "--format", "text").output.decode()
        rows = [row for row in text.splitlines() if re.match(r" *\d+ +\d+ +commit ", row)]
        self.assertEqual(len(rows), events.COMMITS)

    def test_looking_changes_no_byte(self):
        before = self.digests()
        names = {path: os.stat(os.path.join(self.store, path)).st_mtime_ns for path in [*before, "LOCK"]}
        for command in ("stats S", "verify S", "export S", "read S --all", "snapshots list S"):
            self.succeed(*command.replace("S", self.store, 1).split())
        self.assertEqual(self.digests(), before)
        self.assertEqual(
            {path: os.stat(os.path.join(self.store, path)).st_mtime_ns for path in [*before, "LOCK"]}, names)
