"""Input for the tool, real and generated, and what exports are compared by."""

import datetime
import gzip
import json
import os
import random
import re
import uuid

import tool

REAL_INPUT = os.environ.get("STRATA_DATA") or os.path.join(tool.ROOT, "..", "shared", "data", "file-history.ndjson.gz")
COMMITS, STREAMS = 5041, 1262


def real_input():
    """The history of a public repository, one commit a line; None where the file is not there."""
    if not os.path.exists(REAL_INPUT):
        return None
    with gzip.open(REAL_INPUT) as file:
        return file.read()


def main_input():
    """The real input, or a generated one of the same shape."""
    return real_input() or history(seed=5041, commits=COMMITS, streams=STREAMS)


def random_uuid(generator):
    return str(uuid.UUID(int=generator.getrandbits(128), version=4))


def history(seed, commits, streams):
    """Generated commits of one event each, of the shape of the real input."""
    generator = random.Random(seed)
    ids = [random_uuid(generator) for _ in range(streams)]
    # Every stream occurs; the rest goes to a few of them, as in a real history.
    order = list(range(streams)) + [int(streams * generator.random() ** 3) for _ in range(commits - streams)]
    generator.shuffle(order)
    start = datetime.datetime(2025, 12, 6, 13, 52, 5)
    lines, seen = [], set()
    for number, stream in enumerate(order):
        at = (start + datetime.timedelta(minutes=7 * number)).isoformat()
        kind = "FileModified" if stream in seen else "FileAdded"
        seen.add(stream)
        subject = generator.choice(["fix: typo", "feat: ✨ sparkle — “quoted”", "refactor", 'say \\"no\\"', "größer"])
        offset = generator.choice(["-08:00", "-07:00", "Z", "+05:30"])
        lines.append(
            f'{{"aggregate_type":"File","aggregate_id":"{ids[stream]}","event_id":"{random_uuid(generator)}",'
            f'"event_type":"{kind}","occurred_at":"{at}{offset}","data":{{"path":"src/{stream}.py","from":null,'
            f'"commit":"{generator.getrandbits(160):040x}","subject":"{subject}"}},'
            f'"metadata":{{"correlation_id":"{random_uuid(generator)}"}}}}\n')
    return "".join(lines).encode()


def line(number, stream=0, data=None, **fields):
    """A commit of one event as a line, with fields changed, or left out where they are None."""
    event = {
        "aggregate_type": "Order",
        "aggregate_id": f"5bbd93f2-0ad7-5d8c-9c97-{stream:012x}",
        "event_id": f"00000000-0000-4000-8000-{number:012x}",
        "event_type": "OrderChanged",
        "occurred_at": "2026-01-15T10:30:45+01:00",
        "data": {"n": number},
    }
    event.update(fields)
    text = ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in event.items()
                    if value is not None and not (key == "data" and data is not None))
    if data is not None:
        text += f',"data":{data}'
    return f"{{{text}}}\n".encode()


def lines(numbers, streams=7):
    return b"".join(line(number, number % streams) for number in numbers)


def stream(number, aggregate_type="Order"):
    return f"{aggregate_type}/5bbd93f2-0ad7-5d8c-9c97-{number:012x}"


def commits_of_several(seed, commits, streams=20, most=40, payload=200):
    """Commits of several events, some with long payloads. Returns the input and each line's event ids."""
    generator = random.Random(seed)
    text, ids = [], []
    for _ in range(commits):
        count = generator.randint(1, most)
        ids.append([random_uuid(generator) for _ in range(count)])
        events = ",".join(
            f'{{"event_id":"{event_id}","event_type":"Added","occurred_at":"2026-01-15T10:30:45Z",'
            f'"data":{{"x":"{"x" * generator.randrange(payload)}"}}}}' for event_id in ids[-1])
        text.append(f'{{"stream":"{stream(generator.randrange(streams))}","events":[{events}]}}\n')
    return "".join(text).encode(), ids


# JSON that a store must not touch: white space, escapes, numbers, key order, repeated keys, nesting.
STUBBORN_DATA = [
    "null", "true", "-0", "0.10", "1E+2", "1e400", "123456789012345678901234567890.000", '""', '"\\u0041\\/\\n"',
    '"\\ud800"', '"\\ud83d\\ude00 😀 é \\u00e9 \u2028 \u202e"', "[]", "[ ]", "{}", '{ "b" : 1 ,\t"a":2, "b" : 3 }',
    '[1 , [2,[3, {"" : {"\\u0000":[ null ]}}]]]', '{"data":{"data":"data"},"event_id":"no"}', '" \\" \\\\ , } ] "',
    "[" * 100 + "]" * 100,
]


def stubborn_input():
    return b"".join(
        line(number, number % 3, data=data, metadata={"actor": "ä\u0001\"", "x": "", "tenant_id": f"t{number % 2}"})
        for number, data in enumerate(STUBBORN_DATA, 1))


def members(text):
    """The members of a JSON object as the text has them: name to raw value."""
    decoder = json.JSONDecoder()
    space = re.compile(r"[ \t\n\r]*")
    found = {}
    position = space.match(text, 0).end() + 1
    while True:
        position = space.match(text, position).end()
        if text[position] == "}":
            return found
        if text[position] == ",":
            position = space.match(text, position + 1).end()
        name, position = json.decoder.scanstring(text, position + 1)
        position = space.match(text, space.match(text, position).end() + 1).end()
        _, end = decoder.raw_decode(text, position)
        found[name] = text[position:end]
        position = end


INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)\Z")


def nanoseconds(instant):
    """Since 1970, of a date and time of RFC 3339."""
    date, time, fraction, offset = INSTANT.match(instant).groups()
    offset = "+00:00" if offset in "Zz" else offset
    at = datetime.datetime.fromisoformat(f"{date}T{time}{offset}")
    since = at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (since.days * 86_400 + since.seconds) * 10**9 + int((fraction or "").ljust(9, "0"))


def essence(text):
    """What an event's line says, apart from what a store adds: the payload as raw text, the rest as values."""
    raw = members(text.decode())
    values = {name: json.loads(raw[name]) for name in ("aggregate_type", "event_type")}
    values |= {name: uuid.UUID(json.loads(raw[name])) for name in ("aggregate_id", "event_id")}
    values["occurred_at"] = nanoseconds(json.loads(raw["occurred_at"]))
    values["metadata"] = json.loads(raw.get("metadata", "{}"))
    values["data"] = raw["data"]
    return values


STORED_AT = re.compile(rb'"stored_at":"[^"]*",')


def without_stored_at(export):
    return STORED_AT.sub(b"", export)


def crc32c(data):
    """The checksum of the store's files (RFC 3720, appendix B.4), bit by bit."""
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (0x82F63B78 if remainder & 1 else 0)
    return remainder ^ 0xFFFFFFFF
