"""Times the typed path of eventsource-py with its in-memory stores: an order of 201 events.

Reads one line a round from standard input, `save N`, `replay N` or `snapshot N`, does it N times, and answers with the
mean time in milliseconds. Ends with standard input.
"""

import asyncio
import sys
import time
from uuid import UUID, uuid4

from eventsource import AggregateRepository, AggregateRoot, DomainEvent, InMemoryEventStore, register_event
from eventsource.snapshots import InMemorySnapshotStore
from pydantic import BaseModel

ITEMS = 200


@register_event
class OrderCreated(DomainEvent):
    event_type: str = "OrderCreated"
    aggregate_type: str = "Order"
    customer_id: UUID
    customer_email: str


@register_event
class OrderItemAdded(DomainEvent):
    event_type: str = "OrderItemAdded"
    aggregate_type: str = "Order"
    product_id: UUID
    product_name: str
    quantity: int
    unit_price: float


class Item(BaseModel):
    product_id: UUID
    product_name: str
    quantity: int
    unit_price: float


class State(BaseModel):
    order_id: UUID
    customer_id: UUID | None = None
    customer_email: str = ""
    items: list[Item] = []
    status: str = "draft"
    total_amount: float = 0.0


class Order(AggregateRoot[State]):
    aggregate_type = "Order"
    schema_version = 1

    def _get_initial_state(self):
        return State(order_id=self.aggregate_id)

    def _apply(self, event):
        state = self._state or self._get_initial_state()
        if isinstance(event, OrderCreated):
            changes = {"customer_id": event.customer_id, "customer_email": event.customer_email, "status": "created"}
        else:
            item = Item(
                product_id=event.product_id,
                product_name=event.product_name,
                quantity=event.quantity,
                unit_price=event.unit_price,
            )
            changes = {"items": [*state.items, item]}
        self._state = state.model_copy(update=changes)

    def _record(self, kind, **fields):
        self.apply_event(kind(aggregate_id=self.aggregate_id, aggregate_version=self.get_next_version(), **fields))

    def create(self):
        self._record(OrderCreated, customer_id=uuid4(), customer_email="customer@example.com")

    def add(self, number):
        self._record(
            OrderItemAdded,
            product_id=uuid4(),
            product_name=f"Product {number}",
            quantity=1,
            unit_price=10.0 + number,
        )


def recorded(repository, items=ITEMS):
    order = repository.create_new(uuid4())
    order.create()
    for number in range(items):
        order.add(number)
    return order


async def main():
    store = InMemoryEventStore()
    plain = AggregateRepository(event_store=store, aggregate_factory=Order, aggregate_type="Order")
    snapshotting = AggregateRepository(
        event_store=store,
        aggregate_factory=Order,
        aggregate_type="Order",
        snapshot_store=InMemorySnapshotStore(),
        snapshot_threshold=50,
        snapshot_mode="sync",
    )
    # A snapshot is taken only by a save that ends at a multiple of the threshold.
    known = recorded(snapshotting, ITEMS - 1)
    await snapshotting.save(known)
    known.add(ITEMS)
    await snapshotting.save(known)
    for line in sys.stdin:
        action, count = line.split()
        count = int(count)
        fresh = [recorded(plain) for _ in range(count)] if action == "save" else []
        start = time.perf_counter()
        for number in range(count):
            if action == "save":
                await plain.save(fresh[number])
            else:
                repository = plain if action == "replay" else snapshotting
                assert (await repository.load(known.aggregate_id)).version == ITEMS + 1
        print((time.perf_counter() - start) * 1000 / count, flush=True)


asyncio.run(main())
