"""Writes stores by Docs/Format.md, for tests: whatever the tool never leaves behind by itself.

Sealed segments, rollovers, leftovers, positions with gaps, content types of an application's own, frames that break one
rule. It checks nothing, so that a test can break every rule.
"""

from __future__ import annotations

import os
import struct
import uuid
from collections.abc import Iterable

from strata_reader import (
    COMMIT,
    DELETION,
    EVENTS,
    FOOTER,
    FRAME_MAGIC,
    MARK,
    OPEN,
    SNAPSHOT,
    SNAPSHOTS,
    TOMBSTONE,
    TRUNCATION,
    crc32c,
    padded,
)

STORE_ID = uuid.UUID("22222222-2222-4222-8ccc-cccccccccccc").bytes
NOW = (1_772_366_400, 250_000_000)
EPOCH = 0x1111111111111111


def time(instant: tuple[int, int]) -> bytes:
    return struct.pack("<qI", *instant)


def pad(data: bytes) -> bytes:
    return data + bytes(padded(len(data)) - len(data))


def leb128(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(encoded) + bytes([value])


def aggregate_id(number: int) -> bytes:
    return uuid.UUID(int=number).bytes


def event(
    number: int,
    payload: bytes = b"{}",
    event_type: bytes = b"Put",
    content_type: int = 1,
    schema_version: int = 1,
    metadata: bytes = b"",
    occurred_at: tuple[int, int] = NOW,
    reserved: bytes = bytes(5),
) -> bytes:
    """An event, padded; its id is the number."""
    lengths = struct.pack("<IIIHB", schema_version, len(payload), len(metadata), len(event_type), content_type)
    header = uuid.UUID(int=number).bytes + time(occurred_at) + lengths + reserved
    return pad(header + event_type + metadata + payload)


def lz4_compress(data: bytes) -> bytes:
    """One LZ4 block, by greedy matches of what was last seen at four bytes."""
    block = bytearray()
    seen: dict[bytes, int] = {}
    anchor = at = 0

    def length(number: int) -> bytes:
        return bytes([255] * ((number - 15) // 255) + [(number - 15) % 255]) if number >= 15 else b""

    while at + 12 < len(data):
        start = seen.get(data[at : at + 4])
        seen[data[at : at + 4]] = at
        if start is None or at - start > 0xFFFF:
            at += 1
            continue
        match = 4
        while at + match < len(data) - 5 and data[start + match] == data[at + match]:
            match += 1
        literals = data[anchor:at]
        block.append(min(len(literals), 15) << 4 | min(match - 4, 15))
        block += length(len(literals)) + literals + struct.pack("<H", at - start) + length(match - 4)
        at += match
        anchor = at
    literals = data[anchor:]
    block.append(min(len(literals), 15) << 4)
    return bytes(block + length(len(literals)) + literals)


class SegmentWriter:
    """A segment's bytes, frame by frame. What is left open in a frame is what the page demands of it."""

    def __init__(
        self,
        kind: int,
        number: int = 1,
        store_id: bytes = STORE_ID,
        epoch: int = EPOCH,
        version: int = 2,
    ) -> None:
        self.kind, self.number, self.store_id, self.epoch = kind, number, store_id, epoch
        start = b"STRATSEG" + struct.pack("<HBx", version, kind)
        end = store_id + struct.pack("<QQ", number, epoch) + time(NOW) + bytes(4)
        self.data = bytearray(start + struct.pack("<I", crc32c(start, end)) + end)
        self.headers = bytearray(self.data)
        self.next_position = number
        self.events = self.commits = 0
        self.digest = 0

    @property
    def end(self) -> int:
        return len(self.data)

    def frame(
        self,
        kind: int,
        body: bytes = b"",
        *,
        flags: int = 0,
        events: int = 0,
        epoch: int | None = None,
        mark: int | None = None,
        position: int = 0,
        version: int = 0,
        stored_at: tuple[int, int] = NOW,
        tag: int = 0,
        aggregate: bytes = bytes(16),
        offset: int | None = None,
        body_length: int | None = None,
        body_checksum: int | None = None,
        reserved: bytes = bytes(2),
    ) -> int:
        """Adds a frame and returns its offset. `offset` is what the header's checksum is bound to."""
        at = self.end
        if mark is None:
            mark = at
        header = struct.pack(
            "<IIBB2sIQQQQ",
            len(body) if body_length is None else body_length,
            crc32c(body) if body_checksum is None else body_checksum,
            kind,
            flags,
            reserved,
            events,
            self.epoch if epoch is None else epoch,
            mark,
            position,
            version,
        )
        header += time(stored_at) + struct.pack("<I", tag) + aggregate
        place = self.store_id + struct.pack("<QQQ", self.kind, self.number, at if offset is None else offset)
        header = FRAME_MAGIC + struct.pack("<I", crc32c(place + header)) + header
        self.data += header + body
        if kind != FOOTER:
            self.headers += header
        return at

    def commit(
        self,
        stream: tuple[bytes, int],
        version: int,
        events: Iterable[bytes],
        *,
        position: int | None = None,
        body: bytes | None = None,
        **fields: object,
    ) -> int:
        """Adds a commit at the next position, unless another is given."""
        aggregate_type, number = stream
        events = list(events)
        position = self.next_position if position is None else position
        if body is None:
            body = pad(bytes([len(aggregate_type)]) + aggregate_type) + b"".join(events)
        self.next_position = position + len(events)
        self.events += len(events)
        self.commits += 1
        defaults = {"tag": crc32c(aggregate_type), "aggregate": aggregate_id(number), "events": len(events)}
        return self.frame(COMMIT, body, position=position, version=version, **defaults | fields)

    def open(self, epoch: int, previous: int | None = None, **fields: object) -> int:
        body = struct.pack("<Q", self.epoch if previous is None else previous)
        self.epoch = epoch
        return self.frame(OPEN, body, **fields)

    def mark(self, **fields: object) -> int:
        return self.frame(MARK, **fields)

    def footer(self, **changes: int) -> int:
        """Adds the footer of what was written, with changes by name."""
        self.digest = crc32c(self.headers)
        fields = {
            "last": self.next_position - 1,
            "events": self.events,
            "commits": self.commits,
            "offset": self.end,
            "digest": self.digest,
        } | changes
        return self.frame(FOOTER, struct.pack("<QQQQI4x", *fields.values()))

    def snapshot(
        self,
        stream: tuple[bytes, int],
        version: int,
        state: bytes,
        *,
        stored: bytes | None = None,
        content_type: int = 1,
        compression: int = 0,
        schema_version: int = 1,
        **fields: object,
    ) -> int:
        """Adds a snapshot; `stored` is the state as it is stored, if not as it is."""
        aggregate_type, number = stream
        stored = state if stored is None else stored
        sizes = struct.pack("<III", len(state), len(stored), schema_version)
        kinds = struct.pack("<BBH", content_type, compression, len(aggregate_type))
        body = pad(sizes + kinds + time(NOW) + bytes(4) + aggregate_type + stored)
        defaults = {"tag": crc32c(aggregate_type), "aggregate": aggregate_id(number)}
        return self.frame(SNAPSHOT, body, version=version, **defaults | fields)

    def deletion(self, stream: tuple[bytes, int], **fields: object) -> int:
        aggregate_type, number = stream
        defaults = {"tag": crc32c(aggregate_type), "aggregate": aggregate_id(number)}
        return self.frame(DELETION, pad(bytes([len(aggregate_type)]) + aggregate_type), **defaults | fields)

    def release(self, stream: tuple[bytes, int], version: int, kind: int = TRUNCATION, **fields: object) -> int:
        """Adds a truncation before a version, or a tombstone at one."""
        aggregate_type, number = stream
        defaults = {"tag": crc32c(aggregate_type), "aggregate": aggregate_id(number)}
        body = pad(bytes([len(aggregate_type)]) + aggregate_type)
        return self.frame(kind, body, version=version, **defaults | fields)

    def tombstone(self, stream: tuple[bytes, int], version: int, **fields: object) -> int:
        return self.release(stream, version, TOMBSTONE, **fields)

    def entry(self, version: int = 2, **changes: int) -> bytes:
        """The manifest's entry of a sealed segment, with changes by name."""
        fields = {
            "first": self.number,
            "last": self.next_position - 1,
            "length": self.end,
            "events": self.events,
            "commits": self.commits,
            "digest": self.digest,
            "kind": EVENTS if version > 1 else 0,
            "generation": 0,
            "content": changes.get("length", self.end),
        } | changes
        data = struct.pack("<QQQQQIB3xQQ", *fields.values())
        return data if version > 1 else data[:48]


def manifest(
    entries: Iterable[bytes] = (),
    active: int = 1,
    *,
    version: int = 2,
    generation: int = 1,
    created_at: tuple[int, int] = NOW,
    count: int | None = None,
) -> bytes:
    entries = list(entries)
    start = b"STRATMAN" + struct.pack("<HH", version, 0)
    end = STORE_ID + struct.pack("<Q", generation) + time(created_at)
    end += struct.pack("<IQ", len(entries) if count is None else count, active) + b"".join(entries)
    return start + struct.pack("<I", crc32c(start, end)) + end


def write_store(path: str, manifest_bytes: bytes, segments: Iterable[SegmentWriter]) -> str:
    """Makes a store's directory and returns its path."""
    for directory in ("events", "snapshots", "quarantine"):
        os.makedirs(os.path.join(path, directory), mode=0o700, exist_ok=True)
    files = {"MANIFEST": manifest_bytes, "LOCK": b"4711\n"}
    for segment in segments:
        directory = {EVENTS: "events", SNAPSHOTS: "snapshots"}[segment.kind]
        files[f"{directory}/{segment.number:020}.seg"] = bytes(segment.data)
    for name, data in files.items():
        descriptor = os.open(os.path.join(path, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    return path
