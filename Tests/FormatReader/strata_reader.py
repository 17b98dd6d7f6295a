#!/usr/bin/env python3
"""Reads an event store of Strata, format versions 1 and 2, by Docs/Format.md alone.

Nothing here is shared with the engine, so that what the page says is what this reads. It needs Python 3.11 and
nothing else. The whole log is held in memory: a second opinion, not a database.

    strata_reader.py events STORE       the events in the order of their positions, as `strata export` has them
    strata_reader.py snapshots STORE    the latest snapshot of each stream with its state
    strata_reader.py verify STORE       what is damaged, and whether a torn tail was found

Exit codes: 0 sound; 1 something is damaged; 64 usage; 65 no store or a newer format; 74 I/O error.
"""

from __future__ import annotations

import argparse
import base64
import datetime
import fcntl
import json
import os
import re
import stat
import struct
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

KIB, MIB, GIB = 2**10, 2**20, 2**30

FORMAT_VERSION = 2
HEADER_BYTES = 64
FRAME_HEADER_BYTES = 88
EVENT_HEADER_BYTES = 48
ENTRY_BYTES = {1: 48, 2: 64}
HIGHEST_NUMBER = 2**61 - 2
GENERATION_LIMIT = 2**62
LONGEST_BODY = 96 * MIB
LONGEST_SEGMENT = 4 * GIB
LONGEST_STATE = 64 * MIB
LAST_LITERALS = 5
MOST_SEALED = 262_143
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799

EVENTS, SNAPSHOTS, COMPACTED = 1, 2, 3
COMMIT, OPEN, MARK, FOOTER, SNAPSHOT, DELETION, TRUNCATION, TOMBSTONE = 1, 2, 3, 4, 5, 6, 7, 8
KNOWN_FLAGS = {COMMIT: 1, TRUNCATION: 3, TOMBSTONE: 1}
FRAME_MAGIC = b"SFRM"
BLOCK_HEADER_BYTES = 48
DICTIONARY_BLOCK, FRAMES_BLOCK, FOOTER_BLOCK = 1, 2, 3
UNCOMPRESSED, LZ4, LZ4_WITH_DICTIONARY = 0, 1, 2
LONGEST_DICTIONARY = 60 * KIB
LONGEST_BLOCK = LONGEST_BODY + FRAME_HEADER_BYTES

CONTENT_TYPES = {
    0: "application/octet-stream",
    1: "application/json",
    2: "application/cbor",
    3: "application/protobuf",
}
WELL_KNOWN_KEYS = {1: "correlation_id", 2: "causation_id", 3: "tenant_id", 4: "actor"}


class Invalid(Exception):
    """A structure that does not verify."""


class NotReadable(Exception):
    """A directory that is no store, or one in a newer format."""


# Checksum


def _checksum_tables() -> tuple[list[int], list[int], list[int]]:
    """What the register's low 8 bits become after 1 byte of zeros, its low 16 bits after 2, and after 4."""
    one = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        one.append(value)
    two = []
    for value in range(65536):
        value = one[value & 0xFF] ^ (value >> 8)
        two.append(one[value & 0xFF] ^ (value >> 8))
    four = [two[value & 0xFFFF] ^ (value >> 16) for value in two]
    return one, two, four


_AFTER_1, _AFTER_2, _AFTER_4 = _checksum_tables()


def crc32c(*parts: bytes) -> int:
    """The CRC-32C of the parts, one behind the other."""
    crc = 0xFFFFFFFF
    for part in parts:
        view = memoryview(part)
        whole = len(view) & ~3
        for (word,) in struct.iter_unpack("<I", view[:whole]):
            word ^= crc
            crc = _AFTER_4[word & 0xFFFF] ^ _AFTER_2[word >> 16]
        for byte in view[whole:]:
            crc = _AFTER_1[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


# LZ4


def lz4_expand(block: bytes, size: int, dictionary: bytes = b"") -> bytes:
    """What one LZ4 block holds, which has to be exactly `size` bytes, behind a dictionary that matches may reach into."""
    output = bytearray(dictionary)
    size += len(dictionary)
    at = 0

    def extended(number: int) -> int:
        nonlocal at
        if number == 15:
            while True:
                more = block[at]
                at += 1
                number += more
                if more != 255:
                    break
        return number

    try:
        while at < len(block):
            token = block[at]
            at += 1
            literals = extended(token >> 4)
            require(at + literals <= len(block), "literals go beyond the block")
            output += block[at : at + literals]
            at += literals
            if at == len(block):
                break
            distance = block[at] | block[at + 1] << 8
            at += 2
            match = extended(token & 15) + 4
            require(0 < distance <= len(output), "a match begins before the output")
            require(len(output) + match + LAST_LITERALS <= size, "a match reaches into the last bytes")
            start = len(output) - distance
            if match <= distance:
                output += output[start : start + match]
            else:
                pattern = bytes(output[start:])
                output += (pattern * (match // distance + 1))[:match]
    except IndexError:
        raise Invalid("the block ends within a sequence") from None
    require(len(output) == size, "the block expands to another size")
    return bytes(output[len(dictionary) :])


# Fields


def require(condition: bool, reason: str) -> None:
    if not condition:
        raise Invalid(reason)


def padded(length: int) -> int:
    return (length + 7) & ~7


def require_zeros(data: bytes, what: str) -> None:
    require(not any(data), f"{what} is not zero")


def is_number(value: int) -> bool:
    """Whether this can be a position, a version or a segment's number."""
    return 1 <= value <= HIGHEST_NUMBER


@dataclass(frozen=True, order=True, slots=True)
class Time:
    seconds: int
    nanoseconds: int

    @classmethod
    def read(cls, data: bytes, offset: int) -> Time:
        seconds, nanoseconds = struct.unpack_from("<qI", data, offset)
        require(FIRST_SECOND <= seconds <= LAST_SECOND, "a time is outside the years 1 to 9999")
        require(nanoseconds < 1_000_000_000, "a time has a whole second of nanoseconds")
        return cls(seconds, nanoseconds)

    def __str__(self) -> str:
        """RFC 3339 in UTC with 0, 3, 6 or 9 digits of a second."""
        instant = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=self.seconds)
        fraction = f"{self.nanoseconds:09}"
        while fraction.endswith("000"):
            fraction = fraction[:-3]
        return instant.isoformat() + ("." + fraction if fraction else "") + "Z"


def read_name(data: bytes, is_aggregate_type: bool) -> str:
    require(1 <= len(data) <= 255, "a name has 1 to 255 bytes")
    require(min(data) >= 0x20 and 0x7F not in data, "a name has a control character")
    require(data[0] != 0x20 and data[-1] != 0x20, "a name begins or ends with a space")
    require(not is_aggregate_type or 0x2F not in data, "an aggregate type has a slash")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Invalid("a name is not UTF-8") from None


def read_prefixed_type(body: bytes) -> tuple[str, int]:
    """The aggregate type at the beginning of a body, and where what follows it begins."""
    require(len(body) >= 8, "the body is too short")
    end = 1 + body[0]
    require(padded(end) <= len(body), "the aggregate type goes beyond the body")
    name = read_name(body[1:end], is_aggregate_type=True)
    require_zeros(body[end : padded(end)], "padding behind the aggregate type")
    return name, padded(end)


def read_metadata(data: bytes) -> dict[str, str]:
    """The pairs up to the first byte from which none can be read, without those that are not UTF-8."""
    at = 0

    def leb128() -> int:
        nonlocal at
        value = 0
        for shift in range(0, 35, 7):
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise Invalid("a number has more than 5 bytes")

    def text(length: int) -> bytes:
        nonlocal at
        require(at + length <= len(data), "a text goes beyond the metadata")
        at += length
        return data[at - length : at]

    pairs: dict[str, str] = {}
    try:
        while at < len(data):
            if data[at] == 0:
                at += 2
                require(data[at - 1] in WELL_KNOWN_KEYS, "an unknown well-known key")
                key = WELL_KNOWN_KEYS[data[at - 1]].encode()
            else:
                length = leb128() - 1
                require(1 <= length <= 255, "a key has 1 to 255 bytes")
                key = text(length)
            value = text(leb128())
            try:
                pairs[key.decode()] = value.decode()
            except UnicodeDecodeError:
                pass
    except (Invalid, IndexError):
        pass
    return pairs


# Headers


def read_version(data: bytes, magic: bytes, what: str) -> int:
    """Checks what stands at the same place in every version: magic, checksum and version, in this order."""
    require(len(data) >= HEADER_BYTES, f"{what} is shorter than {HEADER_BYTES} bytes")
    require(data[:8] == magic, f"{what} has another magic")
    version, checksum = struct.unpack_from("<H2xI", data, 8)
    require(checksum == crc32c(data[:12], data[16:]), f"{what} has a wrong checksum")
    require(version != 0, f"{what} has version 0")
    if version > FORMAT_VERSION:
        raise NotReadable(f"{what} has format version {version}, which is newer than {FORMAT_VERSION}")
    return version


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """A manifest's entry."""

    first: int
    last: int
    length: int
    events: int
    commits: int
    digest: int
    generation: int
    content_length: int

    @classmethod
    def read(cls, data: bytes, version: int, manifest_generation: int) -> SealedSegment:
        *fields, kind = struct.unpack_from("<QQQQQIB", data)
        require_zeros(data[45:48], "a reserved field")
        if version == 1:
            require(kind == 0, "a reserved field is not zero")
            generation, content = 0, fields[2]
        else:
            generation, content = struct.unpack_from("<QQ", data, 48)
            require(kind == (EVENTS if generation == 0 else COMPACTED), "an entry's kind is wrong")
            require(generation <= manifest_generation, "a segment is newer than the manifest")
        entry = cls(*fields, generation, content)
        require(1 <= entry.first <= entry.last <= HIGHEST_NUMBER, "segments are not in order")
        require(max(entry.length, content) <= LONGEST_SEGMENT, "a segment is too long")
        require(content >= HEADER_BYTES, "a segment is too short")
        require(entry.commits <= entry.events <= entry.last - entry.first + 1, "an entry's counts are wrong")
        require(entry.events < content // 48, "an entry has more events than fit")
        if generation:
            require(content // 255 <= entry.length, "an entry's content is too long for its file")
            require((entry.commits == 0) == (entry.events == 0), "an entry's counts are wrong")
        else:
            require(content == entry.length and entry.commits >= 1, "an entry's counts are wrong")
        return entry


@dataclass(frozen=True, slots=True)
class Manifest:
    store_id: bytes
    generation: int
    created_at: Time
    sealed: list[SealedSegment]
    active: int

    @classmethod
    def read(cls, data: bytes) -> Manifest:
        version = read_version(data, b"STRATMAN", "the manifest")
        require_zeros(data[10:12], "a reserved field")
        store_id, generation = struct.unpack_from("<16sQ", data, 16)
        count, active = struct.unpack_from("<IQ", data, 52)
        require(1 <= generation < GENERATION_LIMIT, "the manifest's generation is out of bounds")
        require(count <= MOST_SEALED, "the manifest has too many segments")
        size = ENTRY_BYTES[version]
        require(len(data) == HEADER_BYTES + size * count, "the manifest has another length than its entries")
        sealed = []
        above = 0
        for index in range(count):
            entry = SealedSegment.read(data[HEADER_BYTES + size * index :][:size], version, generation)
            require(entry.first > above, "segments are not in order")
            sealed.append(entry)
            above = entry.last
        require(above < active <= HIGHEST_NUMBER, "the active segment's number is not above the sealed ones")
        return cls(store_id, generation, Time.read(data, 40), sealed, active)


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    data: bytes
    kind: int
    store_id: bytes
    number: int
    epoch: int

    @classmethod
    def read(cls, data: bytes, kind: int, store_id: bytes, number: int) -> SegmentHeader:
        data = data[:HEADER_BYTES]
        version = read_version(data, b"STRATSEG", "the segment's header")
        require_zeros(data[11:12] + data[60:64], "a reserved field")
        header = cls(data, data[10], *struct.unpack_from("<16sQQ", data, 16))
        Time.read(data, 48)
        require(header.kind == kind and (kind != COMPACTED or version > 1), "the segment is of another kind")
        require(header.store_id == store_id, "the segment is another store's")
        require(header.number == number, "the segment has another number")
        require(header.epoch != 0, "the segment's epoch is 0")
        return header


# Frames


@dataclass(frozen=True, slots=True)
class FrameHeader:
    data: bytes
    offset: int
    body_length: int
    body_checksum: int
    kind: int
    flags: int
    events: int
    epoch: int
    durable_mark: int
    first_position: int
    first_version: int
    stored_at: Time
    tag: int
    aggregate_id: bytes

    @property
    def end(self) -> int:
        return self.offset + FRAME_HEADER_BYTES + self.body_length


@dataclass(frozen=True, slots=True)
class Event:
    position: int
    version: int
    aggregate_type: str
    aggregate_id: bytes
    event_id: bytes
    event_type: str
    schema_version: int
    occurred_at: Time
    stored_at: Time
    content_type: int
    metadata: dict[str, str]
    payload: bytes

    def json_line(self) -> str:
        """The event as a line of `strata export`, which leaves out what has its default."""
        fields: dict[str, object] = {
            "position": self.position,
            "version": self.version,
            "aggregate_type": self.aggregate_type,
            "aggregate_id": str(uuid.UUID(bytes=self.aggregate_id)),
            "event_id": str(uuid.UUID(bytes=self.event_id)),
            "event_type": self.event_type,
        }
        if self.schema_version != 1:
            fields["schema_version"] = self.schema_version
        fields["occurred_at"] = str(self.occurred_at)
        fields["stored_at"] = str(self.stored_at)
        behind = {"metadata": self.metadata} if self.metadata else {}
        return json_line(fields, "data", self.content_type, self.payload, behind)


@dataclass(frozen=True, slots=True)
class Snapshot:
    aggregate_type: str
    aggregate_id: bytes
    version: int
    schema_version: int
    created_at: Time
    content_type: int
    state_bytes: int
    stored: bytes
    is_compressed: bool
    frame_bytes: int

    def state(self) -> bytes:
        """Raises `Invalid` if the state does not expand."""
        return lz4_expand(self.stored, self.state_bytes) if self.is_compressed else self.stored

    def json_line(self) -> str:
        fields = {
            "aggregate_type": self.aggregate_type,
            "aggregate_id": str(uuid.UUID(bytes=self.aggregate_id)),
            "version": self.version,
            "schema_version": self.schema_version,
            "created_at": str(self.created_at),
            "content_type": content_type_name(self.content_type),
            "state_bytes": self.state_bytes,
            "stored_bytes": self.frame_bytes,
        }
        return json_line(fields, "state", self.content_type, self.state(), {})


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that verifies, with what its body holds: events, a snapshot, an epoch, a footer's or a type's fields."""

    header: FrameHeader
    content: object


def place_of(header: SegmentHeader) -> bytes:
    """What the checksums in a segment are bound to, apart from offsets."""
    generation = struct.pack("<Q", header.epoch) if header.kind == COMPACTED else b""
    return header.store_id + struct.pack("<QQ", header.kind, header.number) + generation


class Segment:
    """One file of frames, of which those are read that verify."""

    def __init__(self, data: bytes, header: SegmentHeader, base: int = 0) -> None:
        """`base` is the offset of the first byte that is given."""
        self.data = data
        self.header = header
        self.base = base
        self.end = base + len(data)
        self._place = place_of(header)
        self._verified_headers: list[FrameHeader] | None = None

    def frame_header(self, offset: int) -> FrameHeader:
        """The header at an offset, whether its frame is whole or not."""
        at = offset - self.base
        data = self.data[at : at + FRAME_HEADER_BYTES]
        require(len(data) == FRAME_HEADER_BYTES, "the file ends within a frame's header")
        require(data[:4] == FRAME_MAGIC, "no frame begins here")
        (checksum,) = struct.unpack_from("<I", data, 4)
        require(
            checksum == crc32c(self._place + struct.pack("<Q", offset) + data[8:]),
            "a frame's header has a wrong checksum",
        )
        fields = struct.unpack_from("<IIBB2xIQQQQ", data, 8)
        header = FrameHeader(data, offset, *fields, Time.read(data, 56), *struct.unpack_from("<I16s", data, 68))
        require_zeros(data[18:20], "a reserved field")
        self._check(header)
        return header

    def _check(self, header: FrameHeader) -> None:
        kind, length = header.kind, header.body_length
        require(COMMIT <= kind <= TOMBSTONE, "an unknown kind of frame")
        require(length % 8 == 0 and length <= LONGEST_BODY, "a body's length is out of range")
        require(header.end <= LONGEST_SEGMENT, "a frame ends above 4 GiB")
        require(header.flags & ~KNOWN_FLAGS.get(kind, 0) == 0, "an unknown flag")
        require(header.epoch != 0, "an epoch is 0")
        mark = header.durable_mark
        require(mark % 8 == 0 and HEADER_BYTES <= mark <= header.offset, "a durable mark is out of range")
        if kind == COMMIT:
            require(header.events >= 1 and length >= EVENT_HEADER_BYTES * header.events, "a commit is too short")
            for first in (header.first_position, header.first_version):
                require(is_number(first) and is_number(first + header.events - 1), "a number is out of range")
        else:
            require(header.events == 0 and header.first_position == 0, "a field of commits is not zero")
        if kind in (OPEN, MARK, FOOTER):
            require(length == {OPEN: 8, MARK: 0, FOOTER: 40}[kind], "a body has another length than its kind")
            require(header.first_version == 0 and header.tag == 0, "a field of commits is not zero")
            require_zeros(header.aggregate_id, "an aggregate id without an aggregate")
        elif kind == SNAPSHOT:
            require(length > 32 and is_number(header.first_version), "a snapshot's field is out of range")
        elif kind == DELETION:
            require(length > 0 and header.first_version == 0, "a deletion's field is out of range")
        elif kind in (TRUNCATION, TOMBSTONE):
            is_in_range = is_number(header.first_version) or (kind == TOMBSTONE and header.first_version == 0)
            require(length > 0 and is_in_range, "a release's field is out of range")

    def frame(self, offset: int) -> Frame:
        header = self.frame_header(offset)
        require(header.end <= self.end, "the file ends within a frame's body")
        body = self.data[offset - self.base + FRAME_HEADER_BYTES : header.end - self.base]
        require(crc32c(body) == header.body_checksum, "a frame's body has a wrong checksum")
        return Frame(header, self._content(header, body))

    @staticmethod
    def _content(header: FrameHeader, body: bytes) -> object:
        if header.kind == COMMIT:
            return read_commit(header, body)
        if header.kind == OPEN:
            (previous,) = struct.unpack("<Q", body)
            require(previous != 0, "the epoch that ends is 0")
            return previous
        if header.kind == FOOTER:
            *fields, zero = struct.unpack("<QQQQII", body)
            require(zero == 0, "a reserved field is not zero")
            return tuple(fields)
        if header.kind == SNAPSHOT:
            return read_snapshot(header, body)
        if header.kind in (DELETION, TRUNCATION, TOMBSTONE):
            name, end = read_prefixed_type(body)
            require(end == len(body), "bytes stand behind the aggregate type")
            require(header.tag == crc32c(name.encode()), "the tag is another type's")
            return name
        return None

    def is_snapshot_with_damaged_body(self, offset: int) -> bool:
        """Whether a snapshot's header verifies at an offset, and its body does not."""
        try:
            header = self.frame_header(offset)
        except Invalid:
            return False
        body = self.data[offset + FRAME_HEADER_BYTES : header.end]
        return header.kind == SNAPSHOT and (header.end > len(self.data) or crc32c(body) != header.body_checksum)

    def headers_behind(self, offset: int) -> Iterator[FrameHeader]:
        """The headers that verify at multiples of 8 above an offset."""
        if self._verified_headers is None:
            self._verified_headers = list(self._find_headers())
        return (header for header in self._verified_headers if header.offset > offset)

    def _find_headers(self) -> Iterator[FrameHeader]:
        at = self.data.find(FRAME_MAGIC, HEADER_BYTES)
        while at >= 0:
            if at % 8 == 0:
                try:
                    yield self.frame_header(at)
                except Invalid:
                    pass
            at = self.data.find(FRAME_MAGIC, at + 1)


def read_commit(header: FrameHeader, body: bytes) -> list[Event]:
    aggregate_type, at = read_prefixed_type(body)
    require(header.tag == crc32c(aggregate_type.encode()), "the tag is another type's")
    events = []
    for index in range(header.events):
        require(at + EVENT_HEADER_BYTES <= len(body), "an event goes beyond its commit")
        event_id, _, _, schema, payload, metadata, name, content = struct.unpack_from("<16sqIIIIHB", body, at)
        require(1 <= name <= 255, "an event type has 1 to 255 bytes")
        require_zeros(body[at + 43 : at + 48], "a reserved field")
        name_end = at + EVENT_HEADER_BYTES + name
        metadata_end = name_end + metadata
        end = metadata_end + payload
        require(padded(end) <= len(body), "an event goes beyond its commit")
        require_zeros(body[end : padded(end)], "padding behind an event")
        events.append(
            Event(
                position=header.first_position + index,
                version=header.first_version + index,
                aggregate_type=aggregate_type,
                aggregate_id=header.aggregate_id,
                event_id=event_id,
                event_type=read_name(body[at + EVENT_HEADER_BYTES : name_end], is_aggregate_type=False),
                schema_version=schema,
                occurred_at=Time.read(body, at + 16),
                stored_at=header.stored_at,
                content_type=content,
                metadata=read_metadata(body[name_end:metadata_end]),
                payload=body[metadata_end:end],
            )
        )
        at = padded(end)
    require(at == len(body), "bytes stand behind the last event")
    return events


def read_snapshot(header: FrameHeader, body: bytes) -> Snapshot:
    size, stored, schema, content, compression, name = struct.unpack_from("<IIIBBH", body, 0)
    require(size <= LONGEST_STATE, "a state is too long")
    require(compression in (0, 1), "an unknown compression")
    require(1 <= name <= 255, "an aggregate type has 1 to 255 bytes")
    require_zeros(body[28:32], "a reserved field")
    end = 32 + name + stored
    require(padded(end) == len(body), "a state has another length than its body")
    require_zeros(body[end:], "padding behind a state")
    aggregate_type = read_name(body[32 : 32 + name], is_aggregate_type=True)
    require(header.tag == crc32c(aggregate_type.encode()), "the tag is another type's")
    created_at = Time.read(body, 16)
    if compression == 0:
        require(stored == size, "a state that is not compressed has another length")
    else:
        require(size // 255 <= stored < size, "a compressed state's length is out of range")
    return Snapshot(
        aggregate_type=aggregate_type,
        aggregate_id=header.aggregate_id,
        version=header.first_version,
        schema_version=schema,
        created_at=created_at,
        content_type=content,
        state_bytes=size,
        stored=body[32 + name : end],
        is_compressed=compression == 1,
        frame_bytes=FRAME_HEADER_BYTES + header.body_length,
    )


# The store


@dataclass(frozen=True, slots=True)
class Finding:
    """Something at a place: damage, or a torn tail."""

    file: str
    offset: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, offset {self.offset}: {self.reason}"


@dataclass(slots=True)
class Log:
    manifest: Manifest
    events: list[Event] = field(default_factory=list)
    commits: int = 0
    stored_events: int = 0
    damage: list[Finding] = field(default_factory=list)
    torn_tail: Finding | None = None
    last_versions: dict[tuple[str, bytes], int] = field(default_factory=dict)
    first_versions: dict[tuple[str, bytes], int] = field(default_factory=dict)

    def is_released(self, event: Event) -> bool:
        return event.version < self.first_versions.get((event.aggregate_type, event.aggregate_id), 1)


def read_file(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        require(stat.S_ISREG(os.fstat(descriptor).st_mode), "this is not a file")
        return file.read()


def segment_file(directory: str, number: int, generation: int = 0) -> str:
    return f"{directory}/{number:020}{f'-{generation:020}' if generation else ''}.seg"


class Store:
    def __init__(self, path: str) -> None:
        self.path = path
        if not os.path.lexists(self._file("MANIFEST")):
            raise NotReadable(f"{path} is not a store: it has no MANIFEST")
        if self.has_content("SALVAGE"):
            raise NotReadable(f"{path} is not a store: a salvage has not come to its end")

    def _file(self, name: str) -> str:
        return os.path.join(self.path, name)

    def has_content(self, name: str) -> bool:
        """Whether there is a file that is not empty: an empty one is left of a removal."""
        return os.path.lexists(self._file(name)) and os.path.getsize(self._file(name)) > 0

    def segments(self, directory: str) -> list[int]:
        """The numbers of a directory's segments, in order; other names are none."""
        try:
            names = os.listdir(self._file(directory))
        except FileNotFoundError:
            return []
        found = [re.fullmatch(r"([0-9]{20})\.seg", name) for name in names]
        return sorted(number for match in found if match and is_number(number := int(match[1])))

    def compacted_segments(self) -> list[tuple[int, int]]:
        """The numbers and generations of compacted segments, in order."""
        found = [re.fullmatch(r"([0-9]{20})-([0-9]{20})\.seg", name) for name in os.listdir(self._file("events"))]
        pairs = sorted((int(match[1]), int(match[2])) for match in found if match)
        return [(number, generation) for number, generation in pairs if is_number(number) and 0 < generation < GENERATION_LIMIT]

    def has_writer(self) -> bool:
        """Whether someone holds the lock on LOCK."""
        try:
            descriptor = os.open(self._file("LOCK"), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            # struct flock on 64-bit Linux: l_type, l_whence, l_start, l_len, l_pid
            query = struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
            answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, query)
            return struct.unpack_from("h", answer)[0] != fcntl.F_UNLCK
        finally:
            os.close(descriptor)

    def _manifest(self) -> Manifest:
        return Manifest.read(read_file(self._file("MANIFEST")))

    def read_log(self) -> Log:
        """The events in order, and what is wrong with them.

        Raises `Invalid` if the manifest is, and `NotReadable` for a newer format.
        """
        while True:
            has_writer = self.has_writer()
            log = LogReader(self, self._manifest(), has_writer).read()
            if self.has_writer() and not has_writer:
                continue
            if not log.damage or self._manifest().generation == log.manifest.generation:
                return log

    def read_snapshots(self, log: Log) -> tuple[list[Snapshot], list[Finding]]:
        """The latest snapshot of each stream, ordered by stream, and what does not verify."""
        latest: dict[tuple[str, bytes], Snapshot] = {}
        damage: list[Finding] = []
        for number in self.segments("snapshots"):
            file = segment_file("snapshots", number)
            try:
                data = read_file(self._file(file))
                if len(data) <= HEADER_BYTES and not any(data):
                    continue
                header = SegmentHeader.read(data, SNAPSHOTS, log.manifest.store_id, number)
            except NotReadable:
                continue
            except Invalid as error:
                damage.append(Finding(file, 0, str(error)))
                latest.clear()
                continue
            for frame in snapshot_frames(Segment(data, header), file, damage):
                if frame is None:
                    latest.clear()
                    continue
                if frame.header.kind == MARK:
                    continue
                if isinstance(frame.content, Snapshot):
                    stream = (frame.content.aggregate_type, frame.header.aggregate_id)
                    # One that is ahead of its stream leaves the one before it in force.
                    if frame.content.version <= log.last_versions.get(stream, 0):
                        latest[stream] = frame.content
                else:
                    latest.pop((frame.content, frame.header.aggregate_id), None)
        streams = sorted(latest, key=lambda stream: (stream[0].encode(), stream[1]))
        return [latest[stream] for stream in streams if is_usable(latest[stream])], damage


def is_usable(snapshot: Snapshot) -> bool:
    """Whether a snapshot's state can be had."""
    try:
        snapshot.state()
    except Invalid:
        return False
    return True


def snapshot_frames(segment: Segment, file: str, damage: list[Finding]) -> Iterator[Frame | None]:
    """The frames that verify; what lies between them and was durable is added to the damage.

    None stands for damage that may have been a deletion.
    """
    offset = HEADER_BYTES
    while offset < len(segment.data):
        try:
            frame = segment.frame(offset)
            require(frame.header.kind in (SNAPSHOT, DELETION, MARK), "a frame of events in a segment of snapshots")
        except Invalid as error:
            following = list(segment.headers_behind(offset))
            if any(header.durable_mark > offset for header in following):
                damage.append(Finding(file, offset, str(error)))
                if not segment.is_snapshot_with_damaged_body(offset):
                    yield None
            if not following:
                return
            offset = following[0].offset
        else:
            yield frame
            offset = frame.header.end


@dataclass(slots=True)
class Reading:
    """What a segment of events holds, read as the page says under "Reading the log"."""

    last: int
    headers: list[bytes]
    commits: list[tuple[FrameHeader, list[Event]]] = field(default_factory=list)
    releases: list[tuple[FrameHeader, str]] = field(default_factory=list)
    footer: Frame | None = None
    durable: int = 0
    end: int = HEADER_BYTES
    damage: list[tuple[int, str]] = field(default_factory=list)
    torn_tail: tuple[int, str] | None = None


def read_frames(segment: Segment, is_sealed: bool) -> Reading:
    epoch = segment.header.epoch
    reading = Reading(last=segment.header.number - 1, headers=[segment.header.data])
    is_behind_damage = False
    while reading.end < len(segment.data) and reading.footer is None:
        offset = reading.end
        try:
            frame = segment.frame(offset)
            header = frame.header
            require(header.kind not in (SNAPSHOT, DELETION), "a frame of snapshots in a segment of events")
            if not is_behind_damage:
                require(epoch == (frame.content if header.kind == OPEN else header.epoch), "a frame of another epoch")
            if header.kind == COMMIT:
                require(header.first_position > reading.last, "a position is not above the one before")
        except Invalid as error:
            following = list(segment.headers_behind(offset))
            if not is_sealed and not any(header.durable_mark > offset for header in following):
                reading.torn_tail = (offset, str(error))
                break
            reading.damage.append((offset, str(error)))
            if not following:
                reading.end = len(segment.data)
                break
            reading.end = following[0].offset
            is_behind_damage = True
            continue
        is_behind_damage = False
        epoch = header.epoch
        reading.end = header.end
        reading.durable = max(reading.durable, header.durable_mark, header.end if header.flags & 1 else 0)
        if header.kind == FOOTER:
            reading.footer = frame
        else:
            reading.headers.append(header.data)
        if header.kind == COMMIT:
            reading.last = header.first_position + header.events - 1
            reading.commits.append((header, frame.content))
        elif header.kind in (TRUNCATION, TOMBSTONE):
            reading.releases.append((header, frame.content))
    return reading


@dataclass(frozen=True, slots=True)
class BlockHeader:
    stored_length: int
    content_length: int
    checksum: int
    kind: int
    compression: int
    frames: int
    content_offset: int
    first_position: int

    @property
    def length(self) -> int:
        return BLOCK_HEADER_BYTES + padded(self.stored_length)


class CompactedSegment:
    """A file of blocks, whose content is frames."""

    def __init__(self, data: bytes, header: SegmentHeader) -> None:
        self.data = data
        self.header = header
        self.damage: list[tuple[int, str]] = []
        self.dictionary: bytes | None = b""
        self.totals: tuple[int, int, int, int, int] | None = None
        self.table: list[tuple[int, int]] = []
        self._place = place_of(header)
        try:
            footer = self._read_footer()
        except Invalid as error:
            self._find_blocks()
            self.damage.append((self.end[1], str(error)))
        else:
            self.end = (self.totals[3], footer)
            first = self.table[0][1] if self.table else footer
            if first > HEADER_BYTES:
                self._read_dictionary(first)

    def block_header(self, offset: int) -> BlockHeader:
        data = self.data[offset : offset + BLOCK_HEADER_BYTES]
        require(len(data) == BLOCK_HEADER_BYTES and data[:4] == b"SBLK", "no block begins here")
        (checksum,) = struct.unpack_from("<I", data, 4)
        require(checksum == crc32c(self._place + struct.pack("<Q", offset) + data[8:]), "a block has a wrong checksum")
        require_zeros(data[22:24] + data[28:32], "a reserved field")
        header = BlockHeader(*struct.unpack_from("<IIIBB2xI4xQQ", data, 8))
        stored, content = header.stored_length, header.content_length
        require(header.compression in (UNCOMPRESSED, LZ4, LZ4_WITH_DICTIONARY), "an unknown compression")
        require(content >= 1 and offset + header.length <= LONGEST_SEGMENT, "a length is out of range")
        if header.compression == UNCOMPRESSED:
            require(stored == content, "a length is out of range")
        else:
            require(content // 255 <= stored < content, "a length is out of range")
        self._check_kind(header, offset)
        return header

    @staticmethod
    def _check_kind(header: BlockHeader, offset: int) -> None:
        content, start = header.content_length, header.content_offset
        if header.kind == FRAMES_BLOCK:
            require(content <= LONGEST_BLOCK and content % 8 == 0, "a block's length is out of range")
            require(1 <= header.frames <= content // FRAME_HEADER_BYTES, "a block's frames are out of range")
            require(start >= HEADER_BYTES and start % 8 == 0, "a block's place is out of range")
            require(start + content <= LONGEST_SEGMENT, "a block's place is out of range")
            require(header.first_position <= HIGHEST_NUMBER, "a position is out of range")
            return
        require(header.kind in (DICTIONARY_BLOCK, FOOTER_BLOCK), "an unknown kind of block")
        require(header.frames == 0 and header.first_position == 0, "a field of frames is not zero")
        if header.kind == DICTIONARY_BLOCK:
            require(content <= LONGEST_DICTIONARY and start == 0, "a dictionary's field is out of range")
            require(header.compression != LZ4_WITH_DICTIONARY, "a dictionary needs itself")
        else:
            require(header.compression == UNCOMPRESSED, "a footer is compressed")
            require(HEADER_BYTES <= start <= LONGEST_SEGMENT, "a footer's place is out of range")
            room = (offset - HEADER_BYTES) // (BLOCK_HEADER_BYTES + 8), (start - HEADER_BYTES) // FRAME_HEADER_BYTES
            require(content <= 48 + 8 * min(room), "a footer's length is out of range")

    def block(self, offset: int) -> tuple[BlockHeader, bytes]:
        """A block's header and what its body expands to."""
        header = self.block_header(offset)
        body = self.data[offset + BLOCK_HEADER_BYTES : offset + header.length]
        require(offset + header.length <= len(self.data), "the file ends within a block")
        require(crc32c(body) == header.checksum, "a block's body has a wrong checksum")
        require_zeros(body[header.stored_length :], "padding behind a block")
        stored = body[: header.stored_length]
        if header.compression == UNCOMPRESSED:
            return header, stored
        if header.compression == LZ4:
            return header, lz4_expand(stored, header.content_length)
        require(self.dictionary is not None, "a block needs a dictionary that is damaged")
        return header, lz4_expand(stored, header.content_length, self.dictionary)

    def _read_footer(self) -> int:
        require(len(self.data) >= HEADER_BYTES + BLOCK_HEADER_BYTES, "the footer is missing")
        (offset,) = struct.unpack_from("<Q", self.data, len(self.data) - 8)
        require(HEADER_BYTES <= offset < len(self.data), "the footer is nowhere")
        header, content = self.block(offset)
        require(header.kind == FOOTER_BLOCK and offset + header.length == len(self.data), "the footer is elsewhere")
        require(len(content) >= 48 and len(content) % 8 == 0, "the footer has another length")
        *totals, zero = struct.unpack_from("<QQQQII", content)
        require(zero == 0 and totals[3] == header.content_offset, "a field of the footer is wrong")
        require(totals[0] <= HIGHEST_NUMBER, "a footer's last position is out of range")
        numbers = struct.unpack(f"<{(len(content) - 48) // 4}I", content[40:-8])
        table = [(8 * numbers[at], 8 * numbers[at + 1]) for at in range(0, len(numbers), 2)]
        places = table + [(totals[3], offset)]
        require(places[0][0] == HEADER_BYTES and places[0][1] >= HEADER_BYTES, "the first block is elsewhere")
        for (start, place), (next_start, next_place) in zip(places, places[1:]):
            require(0 < next_start - start <= LONGEST_BLOCK, "blocks are not in order")
            require(0 < next_place - place <= LONGEST_BLOCK + BLOCK_HEADER_BYTES, "blocks are not in order")
        self.table = table
        self.totals = tuple(totals)
        return offset

    def _read_dictionary(self, end: int) -> None:
        try:
            header, content = self.block(HEADER_BYTES)
            require(header.kind == DICTIONARY_BLOCK and HEADER_BYTES + header.length == end, "this is no dictionary")
            self.dictionary = content
        except Invalid as error:
            self.dictionary = None
            self.damage.append((HEADER_BYTES, str(error)))

    def _find_blocks(self) -> None:
        """Goes from block to block where the footer does not tell where they are."""
        self.end = (HEADER_BYTES, HEADER_BYTES)
        offset = HEADER_BYTES
        gap = None
        while offset + BLOCK_HEADER_BYTES <= len(self.data):
            try:
                header = self.block_header(offset)
            except Invalid:
                gap = offset if gap is None else gap
                offset += 8
                continue
            if header.kind == DICTIONARY_BLOCK and offset == HEADER_BYTES:
                self._read_dictionary(offset + header.length)
            elif header.kind != DICTIONARY_BLOCK and header.content_offset >= self.end[0]:
                if header.content_offset > self.end[0]:
                    self.table.append((self.end[0], self.end[1] if gap is None else gap))
                gap = None
                if header.kind == FOOTER_BLOCK:
                    self.end = (header.content_offset, offset)
                    return
                self.table.append((header.content_offset, offset))
                self.end = (header.content_offset + header.content_length, offset + header.length)
            elif gap is None:
                gap = offset
            offset += header.length

    def read_frames(self) -> Reading:
        reading = Reading(last=self.header.number - 1, headers=[self.header.data])
        places = self.table + [self.end]
        for (start, place), (next_start, next_place) in zip(places, places[1:]):
            reading.end = next_start
            try:
                header, content = self.block(place)
                require(header.kind == FRAMES_BLOCK and header.content_offset == start, "the block is elsewhere")
                require(header.length == next_place - place, "the block has another length")
                require(header.content_length == next_start - start, "the block has another length")
            except Invalid as error:
                reading.damage.append((place, str(error)))
                continue
            self._take_block(Segment(content, self.header, start), start, place, reading)
        return reading

    @staticmethod
    def _take_block(segment: Segment, offset: int, place: int, reading: Reading) -> None:
        while offset < segment.end:
            try:
                frame = segment.frame(offset)
                header = frame.header
                require(header.kind in (COMMIT, TRUNCATION, TOMBSTONE), "a frame that cannot be in a compacted segment")
                require(header.epoch == segment.header.epoch, "a frame of another generation")
                require(header.durable_mark == HEADER_BYTES and header.flags & 1 == 0, "a field is not the fixed one")
                if header.kind == COMMIT:
                    require(header.first_position > reading.last, "a position is not above the one before")
            except Invalid as error:
                reading.damage.append((place, str(error)))
                return
            reading.headers.append(header.data)
            if header.kind == COMMIT:
                reading.last = header.first_position + header.events - 1
                reading.commits.append((header, frame.content))
            else:
                reading.releases.append((header, frame.content))
            offset = header.end


class LogReader:
    """Reads a manifest's segments once."""

    def __init__(self, store: Store, manifest: Manifest, has_writer: bool) -> None:
        self.store = store
        self.manifest = manifest
        self.has_writer = has_writer
        self.log = Log(manifest)
        self.gaps: list[tuple[str, int, tuple[str, bytes], int, int]] = []

    def read(self) -> Log:
        for entry in self.manifest.sealed:
            if entry.generation:
                self._read_compacted(entry)
            else:
                self._read_segment(entry.first, entry)
        self._read_segment(self.manifest.active, None)
        if not self.has_writer:
            self._check_unlisted_segments()
        self._check_gaps()
        self.log.events = [event for event in self.log.events if not self.log.is_released(event)]
        return self.log

    def _check_gaps(self) -> None:
        """Released versions may be missing; within a log that has damage, others may be due to it."""
        if self.log.damage:
            return
        for file, offset, stream, first, last in self.gaps:
            if last >= self.log.first_versions.get(stream, 1):
                self._damage(file, offset, f"version {last + 1} of a stream follows version {first - 1}")

    def _damage(self, file: str, offset: int, reason: str) -> None:
        self.log.damage.append(Finding(file, offset, reason))

    def _open_segment(self, file: str, number: int) -> Segment:
        data = read_file(os.path.join(self.store.path, file))
        return Segment(data, SegmentHeader.read(data, EVENTS, self.manifest.store_id, number))

    def _read_segment(self, number: int, entry: SealedSegment | None) -> None:
        file = segment_file("events", number)
        try:
            segment = self._open_segment(file, number)
        except Invalid as error:
            self._damage(file, 0, str(error))
            return
        except FileNotFoundError:
            self._damage(file, 0, "the segment is missing")
            return
        reading = read_frames(segment, is_sealed=entry is not None)
        for offset, reason in reading.damage:
            self._damage(file, offset, reason)
        self._take_all(file, reading, reading.durable if entry is None and self.has_writer else None)
        if reading.torn_tail and not self.has_writer:
            self.log.torn_tail = Finding(file, *reading.torn_tail)
        self._check_end(file, segment, reading, entry)

    def _take_all(self, file: str, reading: Reading, end: int | None = None) -> None:
        for header, content in sorted(reading.commits + reading.releases, key=lambda frame: frame[0].offset):
            if end is not None and header.end > end:
                break
            if header.kind == COMMIT:
                self._take(file, header, content)
            else:
                self._release(header, content)

    def _read_compacted(self, entry: SealedSegment) -> None:
        file = segment_file("events", entry.first, entry.generation)
        try:
            data = read_file(os.path.join(self.store.path, file))
            header = SegmentHeader.read(data, COMPACTED, self.manifest.store_id, entry.first)
            require(header.epoch == entry.generation, "the segment is of another generation")
            segment = CompactedSegment(data, header)
        except FileNotFoundError:
            self._damage(file, 0, "the segment is missing")
            return
        except Invalid as error:
            self._damage(file, 0, str(error))
            return
        reading = segment.read_frames()
        for offset, reason in segment.damage + reading.damage:
            self._damage(file, offset, reason)
        self._take_all(file, reading)
        if segment.damage or reading.damage or segment.totals is None:
            return
        events = sum(header.events for header, _ in reading.commits)
        counts = events, len(reading.commits), reading.end, crc32c(*reading.headers)
        last = segment.totals[0]
        if segment.totals[1:] != counts or last < max(entry.first, reading.last):
            self._damage(file, 0, "the footer does not fit what was read")
        elif entry != SealedSegment(
            entry.first, last, len(data), events, counts[1], counts[3], entry.generation, reading.end
        ):
            self._damage(file, 0, "the segment is not the one that the manifest lists")

    def _check_end(self, file: str, segment: Segment, reading: Reading, entry: SealedSegment | None) -> None:
        """Checks how a segment ends, and, if nothing before it is damaged, the footer and the manifest's entry."""
        footer, length = reading.footer, len(segment.data)
        if footer is None:
            if entry is not None:
                self._damage(file, reading.end, "a sealed segment has no footer")
            return
        if not reading.damage:
            events = sum(header.events for header, _ in reading.commits)
            digest = crc32c(*reading.headers)
            counts = events, len(reading.commits), digest
            found = SealedSegment(segment.header.number, reading.last, length, *counts, 0, length)
            if footer.content != (found.last, found.events, found.commits, footer.header.offset, found.digest):
                self._damage(file, footer.header.offset, "the footer does not fit what was read")
            elif reading.end == length and entry not in (None, found):
                self._damage(file, 0, "the segment is not the one that the manifest lists")
        if reading.end < length and (entry is not None or any(segment.data[reading.end :])):
            self._damage(file, reading.end, "bytes stand behind the footer")

    def _take(self, file: str, header: FrameHeader, events: list[Event]) -> None:
        stream = (events[0].aggregate_type, header.aggregate_id)
        before = self.log.last_versions.get(stream, 0)
        if header.first_version > before + 1:
            self.gaps.append((file, header.offset, stream, before + 1, header.first_version - 1))
        elif header.first_version <= before:
            self._damage(file, header.offset, f"version {header.first_version} of a stream follows version {before}")
        self.log.last_versions[stream] = max(before, events[-1].version)
        self.log.events += events
        self.log.commits += 1
        self.log.stored_events += len(events)

    def _release(self, header: FrameHeader, aggregate_type: str) -> None:
        stream = (aggregate_type, header.aggregate_id)
        last = header.first_version - (header.kind == TRUNCATION)
        self.log.last_versions[stream] = max(self.log.last_versions.get(stream, 0), last)
        self.log.first_versions[stream] = max(self.log.first_versions.get(stream, 1), last + 1)

    def _check_unlisted_segments(self) -> None:
        if self.store.has_content("BACKUP"):
            return
        written = {entry.first for entry in self.manifest.sealed if not entry.generation} | {self.manifest.active}
        compacted = [range(entry.first, entry.last + 1) for entry in self.manifest.sealed if entry.generation]
        for number in self.store.segments("events"):
            if number in written or any(number in replaced for replaced in compacted):
                continue
            file = segment_file("events", number)
            try:
                reading = read_frames(self._open_segment(file, number), is_sealed=False)
            except Invalid:
                continue
            if reading.commits:
                self._damage(file, 0, "a segment that the manifest does not list holds commits")


# Output


def content_type_name(content_type: int) -> str:
    return CONTENT_TYPES.get(content_type, f"application/x-event-content-{content_type}")


def is_json_line(data: bytes) -> bool:
    """Whether these bytes are a JSON text that can stand in a line as it is."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    if b"\n" in data or b"\r" in data or data != data.strip(b" \t"):
        return False
    try:
        json.loads(data.decode(), parse_constant=refuse, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_line(
    fields: dict[str, object],
    name: str,
    content_type: int,
    content: bytes,
    behind: dict[str, object],
) -> str:
    """An object of the fields, the content and what stands behind it: as it is if it is JSON, in base64 otherwise."""
    members = [f"{json_text(key)}:{json_text(value)}" for key, value in fields.items()]
    if content_type == 1 and is_json_line(content):
        members.append(f"{json_text(name)}:{content.decode()}")
    else:
        if "content_type" not in fields:
            members.append(f'"content_type":{json_text(content_type_name(content_type))}')
        members.append(f"{json_text(name + '_base64')}:{json_text(base64.b64encode(content).decode())}")
    members += [f"{json_text(key)}:{json_text(value)}" for key, value in behind.items()]
    return "{" + ",".join(members) + "}"


def run(command: str, path: str) -> int:
    """Prints what a command has to say, and returns its exit code."""
    store = Store(path)
    try:
        log = store.read_log()
    except Invalid as error:
        print(f"damage: MANIFEST: {error}", file=sys.stderr)
        return 1
    snapshots, damaged_snapshots = store.read_snapshots(log)
    damage = log.damage
    if command == "events":
        for event in log.events:
            print(event.json_line())
    elif command == "snapshots":
        for snapshot in snapshots:
            print(snapshot.json_line())
    else:
        # To readers a damaged snapshot is one that is missing; who asks whether all bytes are sound wants to know.
        damage = damage + damaged_snapshots
        streams = len(log.last_versions)
        print(f"{log.stored_events} events, {log.commits} commits, {streams} streams, {len(snapshots)} snapshots")
    for finding in damage:
        print(f"damage: {finding}", file=sys.stderr)
    if log.torn_tail:
        print(f"torn tail: {log.torn_tail}", file=sys.stderr)
    return 1 if damage else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Reads a store of Strata by its specification alone.")
    parser.add_argument("command", choices=["events", "snapshots", "verify"])
    parser.add_argument("store", help="the store's directory")
    try:
        arguments = parser.parse_args()
    except SystemExit as exit:
        return 64 if exit.code else 0
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    try:
        code = run(arguments.command, arguments.store)
        sys.stdout.flush()
        return code
    except NotReadable as error:
        print(error, file=sys.stderr)
        return 65
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        print(error, file=sys.stderr)
        return 74


if __name__ == "__main__":
    sys.exit(main())
