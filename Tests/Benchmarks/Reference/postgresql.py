"""Repeats actions of eventsource-py on its PostgreSQL store: python postgresql.py CONNECTION

Reads one line a round from standard input, `SECONDS append WRITERS EVENTS` or `SECONDS load EVENTS`, repeats the action for
so long, and answers with events a second. Ends with standard input.
"""

import asyncio
import sys
import time
from uuid import uuid4

import asyncpg
from eventsource import DomainEvent, PostgreSQLEventStore, register_event
from eventsource.migrations import get_schema
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

PAYLOAD = "1" * 256


@register_event
class ItemAdded(DomainEvent):
    event_type: str = "ItemAdded"
    aggregate_type: str = "Order"
    note: str


def events(aggregate, count, after=0):
    return [
        ItemAdded(aggregate_id=aggregate, aggregate_version=after + number + 1, note=PAYLOAD) for number in range(count)
    ]


async def append(store, count):
    aggregate = uuid4()
    result = await store.append_events(aggregate, "Order", events(aggregate, count), expected_version=0)
    assert result.success
    return count


async def load(store, aggregate, count):
    stream = await store.get_events(aggregate, "Order")
    assert len(stream.events) == count
    return count


async def repeat(seconds, action):
    """Repeats an action until time is up, and counts its events."""
    end = time.perf_counter() + seconds
    total = 0
    while time.perf_counter() < end:
        total += await action()
    return total


async def main(connection):
    server = await asyncpg.connect(connection)
    await server.execute(get_schema("events", "postgresql"))
    await server.close()
    engine = create_async_engine(
        connection.replace("postgresql://", "postgresql+asyncpg://", 1), pool_size=20, max_overflow=10
    )
    store = PostgreSQLEventStore(async_sessionmaker(engine, expire_on_commit=False), enable_tracing=False)
    loaded = None
    for line in sys.stdin:
        seconds, action, *numbers = line.split()
        numbers = [int(number) for number in numbers]
        if action == "load" and loaded is None:
            loaded = uuid4()
            for version in range(numbers[0]):
                await store.append_events(loaded, "Order", events(loaded, 1, version), expected_version=version)
        start = time.perf_counter()
        if action == "append":
            writers, count = numbers
            tasks = [repeat(float(seconds), lambda: append(store, count)) for _ in range(writers)]
            total = sum(await asyncio.gather(*tasks))
        else:
            total = await repeat(float(seconds), lambda: load(store, loaded, numbers[0]))
        print(total / (time.perf_counter() - start), flush=True)
    await engine.dispose()


asyncio.run(main(sys.argv[1]))
