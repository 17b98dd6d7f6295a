"""The program of several writers: starts it, and knows every byte that a store must hold by what it acknowledged."""

import json
import os

import tool

MOST_EVENTS, PAYLOAD = 3, 300


def start(store, writers, *options, snapshot_every=0, segment_bytes=64 << 10, **process):
    return tool.Running(
        store, "--writers", writers, "--most-events", MOST_EVENTS, "--payload", PAYLOAD, "--snapshot-every",
        snapshot_every, "--segment-bytes", segment_bytes, *options, program=tool.WRITERS, **process)


def stream(writer):
    return f"00000000-0000-4000-8000-{writer:012x}"


def payload(writer, version):
    filler = "x" * ((writer * 7919 + version * 104729) % (PAYLOAD + 1))
    return f'{{"writer":{writer},"version":{version},"filler":"{filler}"}}'


def commit_ends(writer, last):
    """The versions at which commits of a writer end, up to the first that is not below `last`."""
    ends = {0}
    version = 0
    while version < last:
        version += 1 + (version * 31 + writer) % MOST_EVENTS
        ends.add(version)
    return ends


class Acknowledged:
    """What runs of the writers on one store have acknowledged up to now."""

    def __init__(self):
        self.versions = {}
        self.positions = {}
        self.snapshots = {}
        self.errors = []
        #: The versions that the last check found.
        self.found = {}
        self.count = 0
        #: How many compactions came to their end and rewrote something.
        self.compactions = 0

    def add(self, output):
        """Takes the complete lines of a run's output."""
        for line in output[:output.rfind(b"\n") + 1].splitlines():
            said = json.loads(line)
            writer = said.get("writer")
            failures = [said[key] for key in ("error", "snapshot_error", "compaction_error") if key in said]
            if failures:
                self.errors += failures
            elif "compacted" in said:
                self.compactions += 1
            elif "snapshot" in said:
                self.snapshots[writer] = said["snapshot"]
            elif "position" in said:
                self.count += 1
                self.versions[writer] = said["version"]
                self.positions[writer, said["version"]] = said["position"]

    def check(self, case, store):
        """Everything acknowledged is there, once, in its place, byte for byte; and nothing but whole commits that a
        writer was about to append. Returns how many events there are."""
        export = case.succeed("export", store, **case.warns_of_tails).lines
        found, last_position = {}, 0
        for line in export:
            event = json.loads(line)
            writer = int(event["aggregate_id"][-12:], 16)
            version = event["version"]
            case.assertEqual(version, found.get(writer, 0) + 1, "versions have a gap")
            found[writer] = version
            case.assertEqual(line[line.index(b'"data":') + 7:line.rindex(b"}")].decode(), payload(writer, version))
            case.assertEqual(event["event_id"], f"{writer:08x}-0000-4000-8000-{version:012x}")
            case.assertGreater(event["position"], last_position)
            last_position = event["position"]
            if (writer, version) in self.positions:
                case.assertEqual(self.positions[writer, version], event["position"])
        for writer, version in self.versions.items():
            case.assertGreaterEqual(found.get(writer, 0), version, f"writer {writer} lost acknowledged events")
        for writer, version in found.items():
            case.assertIn(version, commit_ends(writer, version), "a commit is there in part")
            # A run may have stored one commit of each writer that it could not acknowledge any more.
            before = max(self.versions.get(writer, 0), self.found.get(writer, 0))
            case.assertLessEqual(version, before + MOST_EVENTS, "nobody appended that")
        for writer, version in self.found.items():
            case.assertGreaterEqual(found.get(writer, 0), version, "what a reader saw once is gone")
        self.found = found
        if self.snapshots:
            self._check_snapshots(case, store, found)
        case.assert_sound(store)
        return len(export)

    def _check_snapshots(self, case, store, found):
        listed = {
            int(one["aggregate_id"][-12:], 16): one["version"]
            for one in case.succeed("snapshots", "list", store).objects}
        for writer, version in listed.items():
            case.assertLessEqual(version, found.get(writer, 0), "a snapshot is ahead of its stream")
        # A process that dies takes nothing with it that the operating system has.
        for writer, version in self.snapshots.items():
            case.assertGreaterEqual(listed.get(writer, 0), version, f"writer {writer} lost a snapshot")
