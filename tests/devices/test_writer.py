"""The writer: batches of bounded size, what is first before what waits, nothing lost."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.db import OperationalError

from devices.runtime import writer as writer_module
from devices.runtime.writer import Writer

PATIENCE = 10.0


class Store:
    """Remembers its batches; may be made to wait and to fail."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.open = threading.Event()
        self.entered = threading.Event()
        self.failures = 0
        self.done = threading.Event()

    def __call__(self, items: Sequence[Any]) -> None:
        self.entered.set()
        self.open.wait(PATIENCE)
        if self.failures:
            self.failures -= 1
            raise OperationalError("database is locked")
        self.batches.append(list(items))
        if "last" in items:
            self.done.set()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def writer(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    """Items are as large as their number says."""
    monkeypatch.setattr(writer_module, "RETRY", 0.01)
    made = Writer(store, lambda item: item if isinstance(item, int) else 1, lambda: None)
    made.start()
    yield made
    store.open.set()
    made.stop()


def test_batches_are_of_bounded_size_and_in_order(store: Store, writer: Writer) -> None:
    store.open.set()
    items = [100, 150, 200, 301, 5, 6, "last"]
    for item in items:
        writer.put(item)
    assert store.done.wait(PATIENCE)
    assert [item for batch in store.batches for item in batch] == items
    sizes = [sum(item for item in batch if isinstance(item, int)) for batch in store.batches]
    assert all(size <= 300 or size == 301 for size in sizes)


def test_what_is_first_overtakes_what_waits(store: Store, writer: Writer) -> None:
    for _ in range(50):
        writer.put(300)
    assert store.entered.wait(PATIENCE)
    writer.put_first("urgent")
    writer.put("last")
    store.open.set()
    assert store.done.wait(PATIENCE)
    assert store.batches.index(["urgent"]) <= 1


def test_after_an_outage_everything_is_written_once(store: Store, writer: Writer) -> None:
    store.failures = 3
    store.open.set()
    for item in ("a", "b", "c"):
        writer.put(item)
    writer.put_first("urgent")
    writer.put("last")
    assert store.done.wait(PATIENCE)
    written = [item for batch in store.batches for item in batch]
    assert sorted(written) == ["a", "b", "c", "last", "urgent"]
