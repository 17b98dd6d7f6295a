"""Holds the reader that follows Docs/Format.md against the tool, and against stores that the tool never makes.

    STRATA_BIN   the tool; by default the one that was built in the repository, release before debug
    STRATA_DATA  NDJSON in gzip to append and to read; by default ../shared/data/file-history.ndjson.gz
    STRATA_SEED  the seed of generated input; by default a fixed one
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
from pathlib import Path
from unittest import mock

import store_writer as writer
import strata_reader as reader
from store_writer import EPOCH, SegmentWriter, aggregate_id, event, manifest, write_store

ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("STRATA_SEED", "20260301"))
ORDER, CART = (b"Order", 1), (b"Cart in use", 2)
FIRST_SEGMENT = "events/00000000000000000001.seg"


def find_tool() -> str:
    if "STRATA_BIN" in os.environ:
        return os.environ["STRATA_BIN"]
    for configuration in ("release", "debug"):
        tool = ROOT / ".build" / configuration / "strata"
        if tool.exists():
            return str(tool)
    raise RuntimeError("no tool: build it or set STRATA_BIN")


TOOL = find_tool()


def run_tool(*arguments: str, text: str | None = None, code: int | None = 0) -> str:
    result = subprocess.run([TOOL, *arguments], input=text, capture_output=True, encoding="utf-8", check=False)
    if code is not None and result.returncode != code:
        raise AssertionError(f"strata {arguments[0]} ended with {result.returncode}: {result.stderr or result.stdout}")
    return result.stdout


def lines(text: str) -> list[str]:
    """Lines that end with a line feed only, unlike those of `splitlines`."""
    return text.split("\n")[:-1]


def content_and_fields(line: str, name: str) -> tuple[bytes, dict[str, object]]:
    """A line's payload or state to the byte, and its other fields."""
    fields = json.loads(line)
    if fields.get("metadata") == {}:
        # The tool writes this where metadata stands that cannot be read.
        del fields["metadata"]
    if f"{name}_base64" in fields:
        return base64.b64decode(fields.pop(f"{name}_base64")), fields
    # In a line without white space of its own, the first such key is the one of the object, not one within its data.
    start = line.index(f',"{name}":') + len(f',"{name}":')
    _, end = json.JSONDecoder().raw_decode(line, start)
    del fields[name]
    return line[start:end].encode(), fields | {"content_type": "application/json"}


def lies_within(place: tuple[str, int], damage: dict) -> bool:
    """Whether a place lies behind the beginning of a damage that the tool shows, and before its end."""
    file, offset = place
    return file == damage["file"] and damage["offset"] < offset < damage["offset"] + damage["length"]


class StoreTestCase(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = tempfile.mkdtemp(prefix="strata-format-")
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name: str = "test.strata") -> str:
        return os.path.join(self.directory, name)

    def append(self, commits: list[dict[str, object]], *options: str) -> str:
        text = "".join(json.dumps(commit, ensure_ascii=False) + "\n" for commit in commits)
        run_tool("append", self.path(), "-", *options, text=text)
        return self.path()

    def read(self, command: str, store: str) -> tuple[int, str]:
        """A command's exit code and output, without a process of its own."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
            code = reader.run(command, store)
        return code, output.getvalue()

    def assert_same_events(self, store: str) -> int:
        """Compares every field of every event, and returns their number."""
        code, output = self.read("events", store)
        self.assertEqual(code, 0)
        mine_lines, tool_lines = lines(output), lines(run_tool("export", store))
        self.assertEqual(len(mine_lines), len(tool_lines))
        for line, expected in zip(mine_lines, tool_lines):
            self.assertEqual(content_and_fields(line, "data"), content_and_fields(expected, "data"))
        return len(mine_lines)

    def assert_same_snapshots(self, store: str) -> int:
        """Compares every snapshot with both of the tool's commands, and returns their number."""
        code, output = self.read("snapshots", store)
        self.assertEqual(code, 0)
        listed = {}
        for line in lines(run_tool("snapshots", "list", store)):
            fields = json.loads(line)
            listed[f"{fields['aggregate_type']}/{fields['aggregate_id']}"] = fields
        for line in lines(output):
            state, fields = content_and_fields(line, "state")
            stream = f"{fields['aggregate_type']}/{fields['aggregate_id']}"
            self.assertEqual(fields, listed.pop(stream))
            shown_state, shown = content_and_fields(run_tool("snapshots", "show", store, stream).rstrip("\n"), "state")
            self.assertEqual(state, shown_state)
            self.assertEqual(fields, fields | shown)
            self.assertEqual(len(state), fields["state_bytes"])
        for stream in listed:
            # A state that does not expand is listed and cannot be shown.
            run_tool("snapshots", "show", store, stream, code=65)
        return len(lines(output))

    def assert_same_verdict(self, store: str) -> tuple[list[tuple[str, int]], int | None]:
        """Compares what is damaged and where a torn tail begins, and returns what of it is the log's."""
        verdict = json.loads(run_tool("verify", store, code=None))
        log = reader.Store(store).read_log()
        _, damaged_snapshots = reader.Store(store).read_snapshots(log)
        damage = [(finding.file, finding.offset) for finding in log.damage]
        torn = log.torn_tail.offset if log.torn_tail else None
        # The tool shows blocks that follow each other as one damage.
        shown = [place for place in damage if not any(lies_within(place, item) for item in verdict["damage"])]
        self.assertEqual(shown, [(item["file"], item["offset"]) for item in verdict["damage"]])
        if torn is not None and not any(Path(store, log.torn_tail.file).read_bytes()[torn:]):
            self.assertIsNone(verdict["torn_tail"], "the tool passes over zeros")
        else:
            self.assertEqual(torn, (verdict["torn_tail"] or {}).get("offset"))
        places = [(finding.file, finding.offset) for finding in damaged_snapshots]
        self.assertEqual(places, [(item["file"], item["offset"]) for item in verdict["damaged_snapshots"]])
        self.assertEqual(verdict["sound"], not (damage or places))
        self.assertEqual(self.read("verify", store)[0], 0 if verdict["sound"] else 1)
        return damage, torn

    def written(self, *segments: SegmentWriter, manifest_bytes: bytes | None = None) -> str:
        path = self.path()
        shutil.rmtree(path, ignore_errors=True)
        return write_store(path, manifest() if manifest_bytes is None else manifest_bytes, segments)


def log_segment(number: int = 1, version: int = 2) -> SegmentWriter:
    segment = SegmentWriter(reader.EVENTS, number, version=version)
    segment.open(EPOCH)
    return segment


# What the tool writes


class GeneratedInput:
    """Commits that reach the corners of every field, the same for the same seed."""

    TIMES = (
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "1969-12-31T23:59:59.999999999Z",
        "1970-01-01T00:00:00Z",
        "2000-02-29T12:00:00.000000001Z",
        "2026-03-01T12:00:00.250+01:30",
    )
    TEXTS = ("", "x", "Zoë", "日本語", "😀🏳️‍🌈", 'a"b\\c', "a\tb\nc", "\u0000\u001f\u007f", "\u2028\u00a0", "a" * 300)
    CONTENT_TYPES = tuple(reader.CONTENT_TYPES.values())

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.streams = [f"{name}/{self.uuid()}" for name in ("Order", "Größe", "a b", "x" * 255, "日本")]

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128)))

    def payload(self) -> bytes:
        size = self.random.choice((0, 1, 7, 8, 9, 40, 255, 256, 3000, 3000, 200_000))
        return self.random.randbytes(size)

    def json(self, depth: int = 3) -> object:
        kind = self.random.randrange(7 if depth else 5)
        if kind < 5:
            return (None, True, self.random.randrange(-(2**53), 2**53), self.random.random(), self.text())[kind]
        items = [self.json(depth - 1) for _ in range(self.random.randrange(4))]
        return items if kind == 5 else {self.text() + str(index): item for index, item in enumerate(items)}

    def text(self) -> str:
        return self.random.choice(self.TEXTS)

    def metadata(self) -> dict[str, str]:
        keys = [*reader.WELL_KNOWN_KEYS.values(), "k", "agent", "ключ", "k" * 255, "\u0001"]
        return {key: self.text() for key in self.random.sample(keys, self.random.randrange(len(keys)))}

    def event(self) -> dict[str, object]:
        fields: dict[str, object] = {
            "event_id": self.uuid(),
            "event_type": self.random.choice(("Created", "a/b c", "ÄÖ", "t" * 255)),
            "occurred_at": self.random.choice(self.TIMES),
        }
        if self.random.random() < 0.5:
            fields["data"] = self.json()
        else:
            fields["content_type"] = self.random.choice(self.CONTENT_TYPES)
            payload = self.payload()
            if fields["content_type"] == "application/json":
                # The tool takes UTF-8 only, whether it is JSON or not.
                payload = bytes(byte & 0x7F for byte in payload)
            fields["data_base64"] = base64.b64encode(payload).decode()
        if self.random.random() < 0.7:
            fields["metadata"] = self.metadata()
        if self.random.random() < 0.3:
            fields["schema_version"] = self.random.choice((0, 1, 2, 2**32 - 1))
        return fields

    def commits(self, count: int) -> list[dict[str, object]]:
        sizes = (1, 1, 1, 2, 3, 17)
        return [
            {
                "stream": self.random.choice(self.streams),
                "events": [self.event() for _ in range(self.random.choice(sizes))],
            }
            for _ in range(count)
        ]


class WhatTheToolWrites(StoreTestCase):
    def test_generated_events_are_read_field_by_field(self) -> None:
        commits = GeneratedInput(SEED).commits(60)
        with self.subTest(seed=SEED):
            store = self.append(commits)
            self.assertEqual(self.assert_same_events(store), sum(len(commit["events"]) for commit in commits))
            self.assertEqual(self.assert_same_verdict(store), ([], None))

    def test_every_content_type_and_size_of_padding_keeps_its_bytes(self) -> None:
        stream = "Order/00000000-0000-0000-0000-000000000001"
        payloads = [(name, bytes(range(size))) for name in GeneratedInput.CONTENT_TYPES for size in range(17)]
        events = [
            {
                "event_id": str(uuid.UUID(int=index)),
                "event_type": "Put",
                "occurred_at": "2026-03-01T12:00:00Z",
                "content_type": name,
                "data_base64": base64.b64encode(payload).decode(),
            }
            for index, (name, payload) in enumerate(payloads)
        ]
        store = self.append([{"stream": stream, "events": events}])
        self.assert_same_events(store)
        read = reader.Store(store).read_log().events
        found = [(reader.content_type_name(event.content_type), event.payload) for event in read]
        self.assertEqual(found, payloads)

    def test_a_store_that_was_opened_again_has_an_epoch_for_each_writer(self) -> None:
        source = GeneratedInput(SEED + 1)
        count = 0
        for durability in ("commit", "none", "interval", "commit"):
            commits = source.commits(4)
            store = self.append(commits, "--durability", durability)
            count += sum(len(commit["events"]) for commit in commits)
        self.assertEqual(self.assert_same_events(store), count)
        segment = read_segment(store)
        kinds = [header.kind for header in segment.headers_behind(0)]
        self.assertEqual(kinds.count(reader.OPEN), 4)
        self.assertEqual(len({header.epoch for header in segment.headers_behind(0)}), 4)

    def test_truncations_and_deletions_are_heeded(self) -> None:
        commits = GeneratedInput(SEED + 2).commits(60)
        store = self.append(commits)
        before = self.assert_same_events(store)
        versions: dict[str, int] = {}
        for commit in commits:
            versions[commit["stream"]] = versions.get(commit["stream"], 0) + len(commit["events"])
        gone = 0
        for number, (stream, version) in enumerate(sorted(versions.items())):
            if number % 3 == 0:
                run_tool("truncate", store, stream, "--before", str(version))
                gone += version - 1
            else:
                run_tool("delete", store, stream, *(["--tombstone"] if number % 3 == 1 else []))
                gone += version
        self.assertEqual(self.assert_same_events(store), before - gone)
        self.assertEqual(self.assert_same_verdict(store), ([], None))

    def test_the_demo_is_read_with_its_snapshots(self) -> None:
        run_tool("demo", "--store", self.path())
        self.assertGreater(self.assert_same_events(self.path()), 300)
        self.assertGreater(self.assert_same_snapshots(self.path()), 5)
        log = reader.Store(self.path()).read_log()
        snapshots, _ = reader.Store(self.path()).read_snapshots(log)
        self.assertTrue(any(snapshot.is_compressed for snapshot in snapshots))
        self.assertEqual(self.assert_same_verdict(self.path()), ([], None))

    def test_a_real_history_is_read(self) -> None:
        data = Path(os.environ.get("STRATA_DATA", ROOT.parent / "shared" / "data" / "file-history.ndjson.gz"))
        if not data.exists():
            self.skipTest("there is no data; set STRATA_DATA")
        run_tool("append", self.path(), "-", text=gzip.decompress(data.read_bytes()).decode())
        self.assertGreater(self.assert_same_events(self.path()), 1000)
        self.assertEqual(self.assert_same_verdict(self.path()), ([], None))

    def test_beside_a_writer_only_what_is_durable_or_acknowledged_is_shown(self) -> None:
        for durability in ("commit", "none", "interval"):
            with self.subTest(durability=durability):
                self.read_beside_a_writer(self.path(durability), durability)

    def read_beside_a_writer(self, path: str, durability: str) -> None:
        arguments = [TOOL, "append", path, "-", "--durability", durability]
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        with process:
            for number in range(1, 4):
                line = {
                    "aggregate_type": "Order",
                    "aggregate_id": str(uuid.UUID(int=1)),
                    "event_id": str(uuid.UUID(int=number)),
                    "event_type": "Put",
                    "occurred_at": "2026-03-01T12:00:00Z",
                    "data": number,
                }
                process.stdin.write(json.dumps(line) + "\n")
                process.stdin.flush()
                self.assertEqual(json.loads(process.stdout.readline())["version"], number)
                store = reader.Store(path)
                self.assertTrue(store.has_writer())
                log = store.read_log()
                self.assertEqual(log.damage, [])
                shown = len(log.events)
                if durability == "commit":
                    # What was acknowledged becomes visible with the next frame that says so: a mark at the latest.
                    self.assertIn(shown, range(number - 1, number + 1))
                    self.await_events(store, number)
                else:
                    self.assertEqual(shown, number)
                self.assertEqual(run_tool("export", path).count("\n"), number)
            process.stdin.close()
            self.assertEqual(process.wait(), 0)
        self.assertFalse(reader.Store(path).has_writer())
        self.assertEqual(self.assert_same_events(path), 3)

    def await_events(self, store: reader.Store, count: int) -> None:
        deadline = time.monotonic() + 30
        while len(store.read_log().events) < count:
            self.assertLess(time.monotonic(), deadline, "no mark was left")
            time.sleep(0.01)

    def test_frames_above_the_durable_mark_are_hidden_beside_a_writer(self) -> None:
        segment = log_segment()
        segment.commit(ORDER, 1, [event(1)], mark=64)
        second = segment.commit(ORDER, 2, [event(2)], mark=64)
        segment.commit(ORDER, 3, [event(3)], mark=second)
        store = self.written(segment)
        for flags, shown in ((None, 3), (0, 1)):
            with mock.patch.object(reader.Store, "has_writer", return_value=flags is not None):
                self.assertEqual(len(reader.Store(store).read_log().events), shown)
        segment.commit(ORDER, 4, [event(4)], mark=64, flags=1)
        segment.commit(ORDER, 5, [event(5)], mark=64)
        store = self.written(segment)
        with mock.patch.object(reader.Store, "has_writer", return_value=True):
            self.assertEqual(len(reader.Store(store).read_log().events), 4)


# Damage and torn tails


def read_segment(store: str) -> reader.Segment:
    data = Path(store, FIRST_SEGMENT).read_bytes()
    return reader.Segment(data, reader.SegmentHeader.read(data, reader.EVENTS, data[16:32], 1))


def commits_of(store: str) -> list[reader.FrameHeader]:
    return [header for header in read_segment(store).headers_behind(0) if header.kind == reader.COMMIT]


class Compaction(StoreTestCase):
    """Stores that the tool has compacted."""

    @staticmethod
    def stream(number: int) -> str:
        return f"Order/{uuid.UUID(int=number)}"

    def setUp(self) -> None:
        super().setUp()
        self.random = random.Random(SEED)
        commits = [
            {
                "stream": self.stream(number % 7),
                "events": [
                    {
                        "event_id": str(uuid.UUID(int=number * 3 + part + 1)),
                        "event_type": "ItemAdded",
                        "occurred_at": "2026-03-01T12:00:00Z",
                        "data": {"number": number, "owner": f"owner {number % 7}", "text": "some words " * 20},
                    }
                    for part in range(number % 3 + 1)
                ],
            }
            for number in range(400)
        ]
        self.append(commits, "--segment-size", "64KiB")

    def compacted_files(self) -> list[Path]:
        return sorted(Path(self.path(), "events").glob("*-*.seg"))

    def content(self) -> bytes:
        return b"".join(path.read_bytes() for path in Path(self.path()).rglob("*") if path.is_file())

    def test_compressed_segments_are_read(self) -> None:
        before = self.assert_same_events(self.path())
        run_tool("compact", self.path())
        self.assertEqual(len(self.compacted_files()), 1)
        self.assertEqual(self.assert_same_verdict(self.path()), ([], None))
        self.assertEqual(self.assert_same_events(self.path()), before)

    def test_what_was_released_is_gone(self) -> None:
        run_tool("delete", self.path(), self.stream(3), "--tombstone")
        run_tool("delete", self.path(), self.stream(4))
        run_tool("truncate", self.path(), self.stream(5), "--before", "30")
        remaining = self.assert_same_events(self.path())
        run_tool("compact", self.path(), "--compress", "none", "--target-segment-size", "128KiB")
        self.assertGreater(len(self.compacted_files()), 1)
        self.assertNotIn(b"owner 3", self.content())
        self.assertNotIn(b"owner 4", self.content())
        self.assertIn(b"owner 5", self.content())
        run_tool("compact", self.path())
        self.assertEqual(self.assert_same_verdict(self.path()), ([], None))
        self.assertEqual(self.assert_same_events(self.path()), remaining)

    def test_damage_costs_the_same_blocks(self) -> None:
        run_tool("compact", self.path(), "--target-segment-size", "64KiB")
        file = self.compacted_files()[-1]
        original = file.read_bytes()
        for offset in [0, 40, 64, 70, 120, len(original) - 1, len(original) - 60] + self.random.sample(
            range(len(original)), 25
        ):
            with self.subTest(seed=SEED, offset=offset):
                file.write_bytes(original[:offset] + bytes([original[offset] ^ 0x10]) + original[offset + 1 :])
                damage, _ = self.assert_same_verdict(self.path())
                self.assertTrue(damage)
        for length in (0, 63, 64, 100, len(original) // 2, len(original) - 8, len(original) - 1):
            with self.subTest(length=length):
                file.write_bytes(original[:length])
                damage, _ = self.assert_same_verdict(self.path())
                self.assertTrue(damage)

    def test_what_a_compaction_leaves_is_passed_over(self) -> None:
        old = {path: path.read_bytes() for path in Path(self.path(), "events").glob("*.seg")}
        run_tool("compact", self.path())
        for path, data in old.items():
            if not path.exists():
                path.write_bytes(data)
        Path(self.path(), "events", f"{1:020}-{99:020}.seg").write_bytes(b"unfinished")
        self.assertEqual(self.assert_same_verdict(self.path()), ([], None))
        self.assert_same_events(self.path())


class Damage(StoreTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.random = random.Random(SEED)
        events = [
            {
                "aggregate_type": "Order",
                "aggregate_id": str(uuid.UUID(int=number % 5)),
                "event_id": str(uuid.UUID(int=number + 1)),
                "event_type": "Put",
                "occurred_at": "2026-03-01T12:00:00Z",
                "data": {"number": number, "text": "x" * (number % 11)},
                "metadata": {"actor": "test", "k": "é"},
            }
            for number in range(20)
        ]
        self.append(events)
        self.segment = Path(self.path(), FIRST_SEGMENT)
        self.sound = self.segment.read_bytes()

    def test_every_flipped_bit_of_a_sample_is_found_where_the_tool_finds_it(self) -> None:
        last_commit = commits_of(self.path())[-1]
        places = [self.random.randrange(len(self.sound)) for _ in range(40)] + [0, 9, 63, 64, last_commit.offset]
        for place in places:
            bit = self.random.randrange(8)
            with self.subTest(place=place, bit=bit, seed=SEED):
                changed = bytearray(self.sound)
                changed[place] ^= 1 << bit
                self.segment.write_bytes(changed)
                damage, torn = self.assert_same_verdict(self.path())
                if place < last_commit.end:
                    self.assertEqual(len(damage), 1, "everything before the last mark was on the device")
                else:
                    self.assertEqual((damage, torn), ([], last_commit.end), "nothing says that the mark was durable")

    def test_every_bit_of_a_small_log_counts(self) -> None:
        commit = commits_of(self.path())[7]
        for place in range(commit.offset, commit.end):
            changed = bytearray(self.sound)
            changed[place] ^= 1 << self.random.randrange(8)
            self.segment.write_bytes(changed)
            log = reader.Store(self.path()).read_log()
            self.assertEqual([finding.offset for finding in log.damage], [commit.offset], place)
            self.assertEqual(log.commits, 19)

    def test_every_bit_of_the_manifest_counts(self) -> None:
        path = Path(self.path(), "MANIFEST")
        sound = path.read_bytes()
        for place in range(len(sound)):
            changed = bytearray(sound)
            changed[place] ^= 1 << self.random.randrange(8)
            path.write_bytes(changed)
            with self.assertRaises(reader.Invalid):
                reader.Store(self.path()).read_log()
        self.assertEqual(self.read("verify", self.path())[0], 1)
        run_tool("verify", self.path(), code=1)

    def test_what_a_salvage_has_not_finished_is_no_store(self) -> None:
        Path(self.path(), "SALVAGE").write_text("salvage, not complete\n")
        with self.assertRaises(reader.NotReadable):
            reader.Store(self.path())
        for command in ("verify", "recover", "stats"):
            run_tool(command, self.path(), code=65)

    def test_empty_files_are_left_of_removals(self) -> None:
        for name in ("SALVAGE", "BACKUP", f"snapshots/{9:020}.seg"):
            Path(self.path(), name).write_bytes(b"")
        self.assertEqual(self.assert_same_verdict(self.path()), ([], None))
        self.assertEqual(self.assert_same_events(self.path()), 20)

    def test_bytes_behind_the_last_frame_are_a_torn_tail(self) -> None:
        for tail in (b"x", bytes(8), bytes(4096), b"SFRM" + bytes(84), self.random.randbytes(1000), self.sound[160:]):
            with self.subTest(tail=tail[:16]):
                self.segment.write_bytes(self.sound + tail)
                self.assertEqual(self.assert_same_verdict(self.path()), ([], len(self.sound)))
                self.assertEqual(self.assert_same_events(self.path()), 20)

    def test_a_cut_within_the_last_commit_is_a_torn_tail_and_before_a_mark_it_is_not_seen(self) -> None:
        commits = commits_of(self.path())
        for cut in [commits[-1].offset + at for at in (1, 8, 88, 89, 120)] + [commits[-1].end - 1, commits[9].end - 8]:
            with self.subTest(cut=cut):
                self.segment.write_bytes(self.sound[:cut])
                whole = [commit for commit in commits if commit.end <= cut]
                self.assertEqual(self.assert_same_verdict(self.path()), ([], whole[-1].end))
                self.assertEqual(self.assert_same_events(self.path()), len(whole))

    def test_a_writer_cuts_the_torn_tail_and_its_epoch_follows(self) -> None:
        self.segment.write_bytes(self.sound + b"torn")
        line = {
            "aggregate_type": "Order",
            "aggregate_id": str(uuid.UUID(int=77)),
            "event_id": str(uuid.UUID(int=77)),
            "event_type": "Put",
            "occurred_at": "2026-03-01T12:00:00Z",
            "data": {},
        }
        self.append([line])
        self.assertEqual(self.assert_same_verdict(self.path()), ([], None))
        self.assertEqual(self.assert_same_events(self.path()), 21)
        torn = f"{1:020}-{len(self.sound)}-1.torn"
        self.assertEqual(Path(self.path(), "quarantine", torn).read_bytes(), b"torn")

    def test_a_missing_or_empty_segment_is_damage(self) -> None:
        for make in (lambda: self.segment.write_bytes(b""), self.segment.unlink):
            make()
            damage, _ = self.assert_same_verdict(self.path())
            self.assertEqual(damage, [(FIRST_SEGMENT, 0)])


class WrittenLogs(StoreTestCase):
    """Logs that tests wrote by the page: the tool and the reader agree on each."""

    def assert_log(self, segment: SegmentWriter, positions: list[int], torn: int | None = None) -> None:
        store = self.written(segment)
        self.assertEqual(self.assert_same_verdict(store), ([], torn))
        self.assertEqual([event.position for event in reader.Store(store).read_log().events], positions)
        self.assert_same_events(store)

    def assert_damage(
        self,
        segments: list[SegmentWriter],
        places: list[tuple[int, int]],
        positions: list[int],
        **others: object,
    ) -> None:
        store = self.written(*segments, **others)
        damage, _ = self.assert_same_verdict(store)
        self.assertEqual(damage, [(reader.segment_file("events", number), offset) for number, offset in places])
        self.assertEqual([event.position for event in reader.Store(store).read_log().events], positions)

    def test_positions_may_have_gaps(self) -> None:
        segment = log_segment()
        segment.commit(ORDER, 1, [event(1), event(2)])
        segment.commit(ORDER, 3, [event(3)], position=2**40)
        self.assert_log(segment, [1, 2, 2**40])

    def test_content_types_and_schema_versions_are_handed_on(self) -> None:
        segment = log_segment()
        types = [0, 1, 2, 3, 4, 127, 128, 255]
        segment.commit(ORDER, 1, [event(n, content_type=n, schema_version=n) for n in types])
        self.assert_log(segment, list(range(1, 9)))

    def test_metadata_ends_where_no_pair_can_be_read(self) -> None:
        pair = b"\x02b\x012"
        cases = {
            b"": {},
            pair: {"b": "2"},
            b"\x00\x01\x01x" + pair: {"correlation_id": "x", "b": "2"},
            pair + b"\x00\x05\x01x" + b"\x02c\x012": {"b": "2"},
            pair + b"\x02c\x05x": {"b": "2"},
            pair + b"\x00": {"b": "2"},
            b"\x02a\x01\xff" + pair: {"b": "2"},
            b"\x02\xff\x01a" + pair: {"b": "2"},
            b"\x82\x00a\x81\x001" + pair: {"a": "1", "b": "2"},
            b"\x02a\x81\x80\x80\x80\x80\x001" + pair: {},
            writer.leb128(256) + b"k" * 255 + b"\x00": {"k" * 255: ""},
        }
        segment = log_segment()
        segment.commit(ORDER, 1, [event(index, metadata=data) for index, data in enumerate(cases)])
        self.assert_log(segment, list(range(1, len(cases) + 1)))
        read = reader.Store(self.path()).read_log().events
        self.assertEqual([event.metadata for event in read], list(cases.values()))

    def test_a_frame_that_breaks_a_rule_is_not_accepted(self) -> None:
        frames = {
            "flag 2": {"flags": 2},
            "reserved": {"reserved": b"\0\1"},
            "mark 0": {"mark": 0},
            "mark 65": {"mark": 65},
            "mark above its frame": {"mark": 1 << 20},
            "tag": {"tag": 5},
            "another place": {"offset": 64},
            "nanoseconds": {"stored_at": (0, 10**9)},
            "year 0": {"stored_at": (-62_135_596_801, 0)},
            "body checksum": {"body_checksum": 1},
            "epoch of another writer": {"epoch": 7, "mark": 64},
        }
        for name, fields in frames.items():
            with self.subTest(name):
                segment = log_segment()
                segment.commit(ORDER, 1, [event(1)])
                place = segment.commit(CART, 1, [event(2)], **fields)
                self.assert_log(segment, [1], torn=place)

    def test_an_event_that_breaks_a_rule_is_not_accepted(self) -> None:
        whole = event(2, b"abc")
        events = {
            "year 10000": event(2, occurred_at=(253_402_300_800, 0)),
            "nanoseconds": event(2, occurred_at=(1, 10**9)),
            "reserved": event(2, reserved=b"\0\0\0\0\1"),
            "control character": event(2, event_type=b"a\x1f"),
            "delete": event(2, event_type=b"a\x7f"),
            "space": event(2, event_type=b"a "),
            "not UTF-8": event(2, event_type=b"a\xff"),
            "surrogate": event(2, event_type=b"a\xed\xa0\x80"),
            "no type": event(2, event_type=b""),
            "padding": whole[:-1] + b"\1",
            "more behind": whole + bytes(8),
            "less": whole[:-8],
        }
        for name, body in events.items():
            with self.subTest(name):
                segment = log_segment()
                segment.commit(ORDER, 1, [event(1)])
                place = segment.commit(CART, 1, [body])
                self.assert_log(segment, [1], torn=place)

    def test_an_aggregate_type_is_a_name_without_slash(self) -> None:
        for name in (b"A/b", b" A", b"", b"A\xff"):
            with self.subTest(name):
                segment = log_segment()
                place = segment.commit((name, 1), 1, [event(1)])
                self.assert_log(segment, [], torn=place)

    def test_other_frames_of_events_have_no_fields_of_commits(self) -> None:
        numbers = [{name: 1} for name in ("version", "position", "tag", "flags", "events")]
        for fields in ({"body": b"12345678"}, {"aggregate": b"1" * 16}, *numbers):
            with self.subTest(fields):
                segment = log_segment()
                place = segment.mark(**fields)
                self.assert_log(segment, [], torn=place)

    def test_the_durable_mark_behind_tells_damage_from_a_torn_tail(self) -> None:
        for above, is_damage in ((0, False), (8, True)):
            segment = log_segment()
            segment.commit(ORDER, 1, [event(1)])
            place = segment.commit(ORDER, 2, [event(2)])
            segment.mark(mark=place + above)
            segment.data[place + 100] ^= 1
            with self.subTest(above=above):
                if is_damage:
                    self.assert_damage([segment], [(1, place)], [1])
                else:
                    self.assert_log(segment, [1], torn=place)

    def test_a_header_counts_behind_damage_even_without_its_body(self) -> None:
        segment = log_segment()
        place = segment.commit(ORDER, 1, [event(1)])
        segment.commit(ORDER, 2, [event(2)])
        segment.data[place + 100] ^= 1
        del segment.data[-8:]
        self.assert_damage([segment], [(1, place)], [])

    def test_behind_damage_the_next_frame_is_accepted_whatever_its_epoch(self) -> None:
        segment = log_segment()
        place = segment.commit(ORDER, 1, [event(1)])
        segment.commit(ORDER, 2, [event(2)], epoch=9)
        segment.commit(ORDER, 3, [event(3)], epoch=9)
        torn = segment.commit(ORDER, 4, [event(4)], epoch=10, mark=64)
        segment.data[place + 100] ^= 1
        self.assert_damage([segment], [(1, place)], [2, 3])
        self.assertEqual(reader.Store(self.path()).read_log().torn_tail.offset, torn)

    def test_a_leftover_of_another_epoch_is_a_torn_tail(self) -> None:
        segment = log_segment()
        segment.commit(ORDER, 1, [event(1)])
        place = segment.open(77, previous=5, mark=64)
        segment.commit(ORDER, 2, [event(2)], mark=64)
        self.assert_log(segment, [1], torn=place)

    def test_missing_and_repeated_versions_are_damage(self) -> None:
        for first, second in ((2, 3), (1, 3), (1, 1)):
            with self.subTest(first=first, second=second):
                segment = log_segment()
                places = [segment.commit(ORDER, first, [event(1)]), segment.commit(ORDER, second, [event(2)])]
                self.assert_damage([segment], [(1, places[0 if first == 2 else 1])], [1, 2])

    def test_what_is_released_is_not_shown(self) -> None:
        segment = log_segment()
        segment.commit(ORDER, 1, [event(1), event(2), event(3)])
        segment.commit(CART, 1, [event(4)])
        segment.release(ORDER, 2)
        self.assert_log(segment, [2, 3, 4])
        segment.tombstone(CART, 1)
        segment.commit(ORDER, 4, [event(5)])
        self.assert_log(segment, [2, 3, 5])
        segment.release(ORDER, 5, flags=2)
        self.assert_log(segment, [])
        segment.commit(ORDER, 5, [event(1)])
        self.assert_log(segment, [6])

    def test_released_versions_may_be_missing(self) -> None:
        segment = log_segment()
        first = segment.commit(ORDER, 4, [event(1)])
        segment.release(ORDER, 3)
        second = segment.commit(CART, 6, [event(2)])
        self.assert_damage([segment], [(1, first), (1, second)], [1, 2])
        segment.release(CART, 6)
        self.assert_damage([segment], [(1, first)], [1, 2])
        segment.release(ORDER, 4)
        self.assert_log(segment, [1, 2])
        segment.tombstone((b"Invoice", 9), 7)
        segment.commit((b"Other", 9), 1, [event(3)])
        self.assert_log(segment, [1, 2, 3])

    def test_a_release_that_breaks_a_rule_is_not_accepted(self) -> None:
        frames = {
            "flag 4": {"flags": 4},
            "version 0": {"version": 0},
            "events": {"events": 1},
            "position": {"position": 1},
            "tag": {"tag": 5},
            "no body": {"body": b""},
        }
        for name, fields in frames.items():
            with self.subTest(name):
                segment = log_segment()
                segment.commit(ORDER, 1, [event(1), event(2)])
                body = b"\5Order" + bytes(2)
                defaults = {"version": 2, "tag": reader.crc32c(b"Order"), "aggregate": aggregate_id(1), "body": body}
                place = segment.frame(reader.TRUNCATION, **defaults | fields)
                self.assert_log(segment, [1, 2], torn=place)
        segment = log_segment()
        segment.commit(ORDER, 1, [event(1)])
        place = segment.tombstone(ORDER, 1, flags=2)
        self.assert_log(segment, [1], torn=place)

    def test_a_release_beside_a_writer_counts_once_it_is_durable(self) -> None:
        segment = log_segment()
        segment.commit(ORDER, 1, [event(1), event(2)])
        place = segment.release(ORDER, 2, mark=64)
        for mark, shown in ((place, 2), (None, 1)):
            segment.commit(CART, 1 if mark else 2, [event(3)], mark=mark)
            store = self.written(segment)
            with mock.patch.object(reader.Store, "has_writer", return_value=True):
                events = reader.Store(store).read_log().events
                self.assertEqual(sum(event.aggregate_type == "Order" for event in events), shown)

    def sealed(self, footer: dict[str, int] | None = None, version: int = 2) -> list[SegmentWriter]:
        first = log_segment(version=version)
        first.commit(ORDER, 1, [event(1), event(2)])
        first.commit(CART, 1, [event(3)])
        first.footer(**footer or {})
        second = SegmentWriter(reader.EVENTS, 10, version=version)
        second.commit(ORDER, 3, [event(4)], position=10)
        second.mark()
        return [first, second]

    def test_sealed_segments_are_read_in_order(self) -> None:
        segments = self.sealed()
        store = self.written(*segments, manifest_bytes=manifest([segments[0].entry()], 10))
        self.assertEqual(self.assert_same_verdict(store), ([], None))
        self.assertEqual(self.assert_same_events(store), 4)

    def test_a_footer_and_a_manifest_entry_fit_what_was_read(self) -> None:
        for name in ("last", "events", "commits", "offset", "digest"):
            with self.subTest(footer=name):
                segments = self.sealed({name: 1})
                place = segments[0].end - 128
                entry = segments[0].entry()
                self.assert_damage(segments, [(1, place)], [1, 2, 3, 10], manifest_bytes=manifest([entry], 10))
        for name, value in {"last": 5, "length": 4096, "events": 2, "commits": 1, "digest": 1}.items():
            with self.subTest(entry=name):
                segments = self.sealed()
                entry = segments[0].entry(**{name: value})
                self.assert_damage(segments, [(1, 0)], [1, 2, 3, 10], manifest_bytes=manifest([entry], 10))

    def test_a_sealed_segment_ends_with_its_footer(self) -> None:
        segments = self.sealed()
        end = segments[0].end
        segments[0].data += bytes(8)
        entries = manifest([segments[0].entry()], 10)
        self.assert_damage(segments, [(1, end)], [1, 2, 3, 10], manifest_bytes=entries)
        del segments[0].data[end - 128 :]
        entries = manifest([segments[0].entry()], 10)
        self.assert_damage(segments, [(1, end - 128)], [1, 2, 3, 10], manifest_bytes=entries)

    def test_behind_damage_a_footer_ends_the_segment_but_is_not_compared(self) -> None:
        for tail in (b"", bytes(8)):
            segments = self.sealed({"events": 1})
            end = segments[0].end
            entries = manifest([segments[0].entry(digest=1)], 10)
            segments[0].data[260] ^= 1
            segments[0].data += tail
            places = [(1, 160)] + [(1, end)] * bool(tail)
            self.assert_damage(segments, places, [3, 10], manifest_bytes=entries)
        segments = self.sealed()
        end = segments[0].end
        entries = manifest([segments[0].entry()], 10)
        segments[0].data[end - 1] ^= 1
        self.assert_damage(segments, [(1, end - 128), (1, end)], [1, 2, 3, 10], manifest_bytes=entries)

    def test_where_a_sealed_segment_is_missing_the_others_are_read(self) -> None:
        segments = self.sealed()
        entries = manifest([segments[0].entry()], 10)
        self.assert_damage(segments[1:], [(1, 0)], [10], manifest_bytes=entries)

    def test_the_active_segment_may_end_with_a_footer_and_only_zeros_behind_it(self) -> None:
        segment = log_segment()
        segment.commit(ORDER, 1, [event(1)])
        segment.footer()
        self.assert_log(segment, [1])
        end = segment.end
        segment.data += bytes(8)
        self.assert_log(segment, [1])
        segment.data += b"\1" + bytes(7)
        self.assert_damage([segment], [(1, end)], [1])

    def test_segments_that_the_manifest_does_not_list_are_leftovers_unless_they_hold_commits(self) -> None:
        active = log_segment()
        active.commit(ORDER, 1, [event(1)])

        def unlisted(**fields: object) -> SegmentWriter:
            segment = SegmentWriter(reader.EVENTS, 50)
            segment.commit(CART, 1, [event(9)], **fields)
            return segment

        empty = SegmentWriter(reader.EVENTS, 50)
        damaged = unlisted(body_checksum=1)
        for leftover in (empty, damaged, unlisted(epoch=9), unlisted(position=4)):
            store = self.written(active, leftover)
            self.assertEqual(self.assert_same_verdict(store), ([], None))
            self.assertEqual(self.assert_same_events(store), 1)
        self.assert_damage([active, unlisted()], [(50, 0)], [1])

    def test_in_a_backup_unlisted_segments_are_leftovers_whatever_they_hold(self) -> None:
        active, leftover = log_segment(), SegmentWriter(reader.EVENTS, 50)
        active.commit(ORDER, 1, [event(1)])
        leftover.commit(CART, 1, [event(9)])
        store = self.written(active, leftover)
        Path(store, "BACKUP").write_bytes(b"backup\n")
        self.assertEqual(self.assert_same_verdict(store), ([], None))
        self.assertEqual(self.assert_same_events(store), 1)
        Path(store, "BACKUP").write_bytes(b"")
        self.assertNotEqual(self.assert_same_verdict(store), ([], None))

    def test_a_manifest_that_breaks_a_rule_ends_the_reading(self) -> None:
        segments = self.sealed()
        entry = segments[0].entry()
        cases = {
            "empty": b"",
            "longer": manifest([entry], 10) + b"x",
            "version 0": manifest([entry], 10, version=0),
            "year 0": manifest([entry], 10, created_at=(-62_135_596_801, 0)),
            "entries": manifest([entry], 10, count=2),
            "order": manifest([entry, entry], 10),
            "active": manifest([entry], 3),
            "more commits than events": manifest([segments[0].entry(commits=4)], 10),
            "more events than positions": manifest([segments[0].entry(events=4)], 10),
            "more events than fit": manifest([segments[0].entry(length=144)], 10),
            "first 0": manifest([segments[0].entry(first=0)], 10),
            "entries of version 1": manifest([segments[0].entry(version=1)], 10),
            "no kind": manifest([segments[0].entry(kind=0)], 10),
            "compacted without a generation": manifest([segments[0].entry(kind=3)], 10),
            "a generation as written": manifest([segments[0].entry(generation=1)], 10),
            "newer than the manifest": manifest([segments[0].entry(kind=3, generation=2)], 10),
            "another content as written": manifest([segments[0].entry(content=4096)], 10),
            "content beyond what its file can hold": manifest(
                [segments[0].entry(kind=3, generation=1, content=1 << 20)], 10
            ),
        }
        for name, data in cases.items():
            with self.subTest(name):
                store = self.written(*segments, manifest_bytes=data)
                run_tool("verify", store, code=1)
                with self.assertRaises(reader.Invalid):
                    reader.Store(store).read_log()
                self.assertEqual(self.read("events", store)[0], 1)

    def test_a_newer_version_refuses_the_store_and_a_wrong_checksum_is_damage(self) -> None:
        sound, newer = log_segment(), SegmentWriter(reader.EVENTS, version=3)
        for segment, data in ((sound, manifest(version=3)), (newer, manifest())):
            store = self.written(segment, manifest_bytes=data)
            run_tool("verify", store, code=65)
            with self.assertRaises(reader.NotReadable):
                reader.Store(store).read_log()
        newer.data[12] ^= 1
        self.assert_damage([newer], [(1, 0)], [])

    def test_a_store_of_version_1_is_read(self) -> None:
        sealed, active = self.sealed(version=1)
        entry = sealed.entry(version=1)
        store = self.written(sealed, active, manifest_bytes=manifest([entry], 10, version=1))
        self.assertEqual(self.assert_same_verdict(store), ([], None))
        self.assertEqual(self.assert_same_events(store), 4)

    def test_what_is_no_store_is_refused(self) -> None:
        os.mkdir(self.path())
        run_tool("verify", self.path(), code=65)
        with self.assertRaises(reader.NotReadable):
            reader.Store(self.path())


# Snapshots


class WrittenSnapshots(StoreTestCase):
    STATE = b'{"items":[' + b",".join(b'{"quantity":%d}' % (number % 7) for number in range(90)) + b"]}"

    def latest(self, *segments: SegmentWriter, damaged: tuple[int, ...] = ()) -> dict[str, int]:
        """The versions that the reader and the tool agree on; the offsets of what they have to find damaged."""
        store = self.store(*segments)
        self.assert_same_snapshots(store)
        self.assertEqual(self.assert_same_verdict(store), ([], None))
        read = reader.Store(store)
        snapshots, damage = read.read_snapshots(read.read_log())
        self.assertEqual([finding.offset for finding in damage], list(damaged))
        return {snapshot.aggregate_type: snapshot.version for snapshot in snapshots}

    def store(self, *segments: SegmentWriter) -> str:
        """A store with five events of an order, one of a cart, and segments of snapshots."""
        log = log_segment()
        for version in range(1, 6):
            log.commit(ORDER, version, [event(version)])
        log.commit(CART, 1, [event(100)])
        return self.written(log, *segments)

    def segment(self, number: int = 1, **fields: object) -> SegmentWriter:
        return SegmentWriter(reader.SNAPSHOTS, number, **fields)

    def test_the_last_of_a_stream_counts_and_a_deletion_removes_all(self) -> None:
        first, second = self.segment(1), self.segment(2)
        first.snapshot(ORDER, 3, b"3")
        first.snapshot(CART, 1, b"1", content_type=2)
        self.assertEqual(self.latest(first), {"Order": 3, "Cart in use": 1})
        second.snapshot(ORDER, 2, b"2")
        self.assertEqual(self.latest(first, second), {"Order": 2, "Cart in use": 1})
        second.deletion(ORDER)
        self.assertEqual(self.latest(first, second), {"Cart in use": 1})

    def test_states_are_expanded(self) -> None:
        for state in (self.STATE, bytes(5000), b"ab" * 200, random.Random(SEED).randbytes(300) * 3):
            segment = self.segment()
            segment.snapshot(ORDER, 3, state, stored=writer.lz4_compress(state), compression=1)
            self.assertEqual(self.latest(segment), {"Order": 3})
        empty = self.segment()
        empty.snapshot(ORDER, 3, b"", content_type=200)
        self.assertEqual(self.latest(empty), {"Order": 3})

    def test_a_snapshot_ahead_of_its_stream_leaves_the_one_before_in_force(self) -> None:
        ahead = self.segment()
        ahead.snapshot(ORDER, 3, b"3")
        ahead.snapshot(ORDER, 6, b"6")
        self.assertEqual(list(self.latest(ahead).values()), [3])

    def test_a_last_snapshot_that_cannot_be_used_does_not_bring_back_the_one_before(self) -> None:
        block = writer.lz4_compress(self.STATE)
        broken = {
            "another size": (self.STATE + b" ", block),
            "cut": (self.STATE, block[:-1]),
            "distance beyond the output": (bytes(45), b"\x1f\0\2\0\x10\x90" + bytes(9)),
            "ends with a match": (bytes(36), b"\x1f\0\1\0\x10"),
            "ends with 4 literals": (bytes(40), b"\x1f\0\1\0\x10\x40" + bytes(4)),
        }
        for name, (state, stored) in broken.items():
            with self.subTest(name):
                segment = self.segment()
                segment.snapshot(ORDER, 3, b"3")
                segment.snapshot(ORDER, 4, state, stored=stored, compression=1)
                self.assertEqual(self.latest(segment), {})

    def test_a_match_has_a_distance(self) -> None:
        block = b"\x1fa\1\0\x10\x90" + b"b" * 9
        self.assertEqual(reader.lz4_expand(block, 45), b"a" * 36 + b"b" * 9)
        with self.assertRaises(reader.Invalid):
            reader.lz4_expand(b"\x1fa\0" + block[3:], 45)

    def test_a_frame_that_does_not_verify_is_passed_over(self) -> None:
        for fields in ({"body_checksum": 1}, {"compression": 2}, {"mark": 0}, {"tag": 1}, {"flags": 1}, {"offset": 8}):
            with self.subTest(fields):
                segment = self.segment()
                segment.snapshot(ORDER, 3, b"3")
                place = segment.snapshot(ORDER, 4, b"4", **fields)
                segment.data += b"\1" * 16
                segment.snapshot(CART, 1, b"1")
                # What is not a snapshot's sound header may have been a deletion of those before it.
                before = {"Order": 3} if "body_checksum" in fields else {}
                self.assertEqual(self.latest(segment, damaged=(place,)), {**before, "Cart in use": 1})

    def test_a_frame_of_events_is_passed_over(self) -> None:
        segment = self.segment()
        place = segment.commit(ORDER, 6, [event(7)], mark=64)
        segment.snapshot(CART, 1, b"1")
        self.assertEqual(self.latest(segment, damaged=(place,)), {"Cart in use": 1})

    def test_a_segment_whose_header_does_not_fit_is_passed_over(self) -> None:
        other, newer = self.segment(store_id=bytes(16)), self.segment(version=3)
        other.snapshot(ORDER, 3, b"3")
        newer.snapshot(ORDER, 3, b"3")
        self.assertEqual(self.latest(other, damaged=(0,)), {})
        store = self.store(newer)
        self.assertEqual(self.assert_same_snapshots(store), 0)
        self.assertEqual(self.read("verify", store)[0], 0)


# The command line


class CommandLine(StoreTestCase):
    def run_reader(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, reader.__file__, *arguments]
        return subprocess.run(program, capture_output=True, encoding="utf-8", check=False)

    def test_exit_codes_and_output(self) -> None:
        segment = log_segment()
        segment.commit(ORDER, 1, [event(1, "日本".encode(), content_type=0)])
        store = self.written(segment)
        events = self.run_reader("events", store)
        self.assertEqual((events.returncode, events.stderr), (0, ""))
        self.assertEqual(events.stdout, self.read("events", store)[1])
        self.assertEqual(self.run_reader("verify", store).returncode, 0)
        self.written(segment, manifest_bytes=manifest(active=2))
        self.assertEqual(self.run_reader("verify", store).returncode, 1)
        self.assertEqual(self.run_reader("delete", store).returncode, 64)
        self.assertEqual(self.run_reader("verify", self.directory).returncode, 65)


# The page


class ThePage(StoreTestCase):
    """The worked example, from the hexadecimal digits of Docs/Format.md."""

    def setUp(self) -> None:
        super().setUp()
        page = (ROOT / "Docs" / "Format.md").read_text(encoding="utf-8")
        example = page.split("<!-- worked example: begin -->")[1].split("<!-- worked example: end -->")[0]
        self.files = {}
        for name, size, dump in re.findall(r"^`([^`]+)`, ([0-9]+) bytes:\n+```text\n(.*?)```", example, re.M | re.S):
            data = bytearray()
            for offset, digits in re.findall(r"^([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+?)(?: {2}.*)?$", dump, re.M):
                self.assertEqual(int(offset, 16), len(data), name)
                data += bytes.fromhex(digits)
            self.assertEqual(len(data), int(size), name)
            self.files[name] = bytes(data)
        for name, data in self.files.items():
            path = Path(self.path(), name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        Path(self.path(), "LOCK").write_bytes(b"4711\n")
        Path(self.path(), "quarantine").mkdir()

    def test_its_store_is_read(self) -> None:
        self.assertEqual(sorted(self.files), ["MANIFEST", FIRST_SEGMENT, "snapshots/00000000000000000001.seg"])
        log = reader.Store(self.path()).read_log()
        self.assertEqual((log.damage, log.torn_tail, log.commits), ([], None, 2))
        second, third = log.events
        first = reader.read_frames(read_segment(self.path()), is_sealed=False).commits[0][1][0]
        stream = ("Cart", uuid.UUID("c0c1c2c3-c4c5-46c7-a8c9-cacbcccdcecf").bytes)
        self.assertEqual((log.first_versions[stream], log.last_versions[stream]), (1, 0))
        self.assertEqual((first.aggregate_type, first.version, first.event_type), ("Order", 1, "OrderCreated"))
        metadata = {"correlation_id": "r-1", "tenant_id": "acme", "agent": "web", "region": "eu"}
        self.assertEqual((first.metadata, first.payload), (metadata, b'{"customer":"Ada"}'))
        self.assertEqual((second.schema_version, second.payload), (2, b'{"sku":"A1"}'))
        self.assertEqual((third.aggregate_type, third.position, third.payload), ("Cart", 3, b"\xca\xfe"))
        self.assertEqual(str(third.occurred_at), "1969-12-31T23:59:59.999999999Z")
        self.assertEqual(str(third.stored_at), "2026-03-01T12:00:00.250Z")
        (snapshot,), _ = reader.Store(self.path()).read_snapshots(log)
        self.assertEqual((snapshot.aggregate_type, snapshot.version), ("Order", 2))
        self.assertEqual(snapshot.state(), b"[" + b"0," * 15 + b"0]")

    def test_the_tool_agrees(self) -> None:
        self.assertEqual(self.assert_same_events(self.path()), 2)
        self.assertEqual(self.assert_same_snapshots(self.path()), 1)
        self.assertEqual(self.assert_same_verdict(self.path()), ([], None))

    def test_its_checksums_are_these(self) -> None:
        self.assertEqual(reader.crc32c(b"123456789"), 0xE3069283)
        self.assertEqual(reader.crc32c(b"1234", b"", b"56", b"789"), 0xE3069283)
        self.assertEqual(reader.crc32c(bytes(32)), 0x8A9136AA)
        self.assertEqual(reader.crc32c(), 0)


def main() -> int:
    """Runs all tests and ends with a line of counts."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = {failure.id().split(" ")[0] for failure, _ in result.failures + result.errors}
    for test, reason in result.skipped:
        print(f"skipped {test.id()}: {reason}")
    print(f"{result.testsRun - len(failed) - len(result.skipped)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
