"""The file of a simulated cloud: whole changes, in order, over every kind of end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.testing.gcp.store import StateTaken, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    made = Store(path)
    yield made
    made.close()


def again(store: Store) -> Store:
    """What another process finds."""
    store.close()
    return Store(store.path)


def spoil(store: Store, *keys: str) -> None:
    """Change these, and change one's mind."""
    with store.change():
        for key in keys:
            store.put("networks", key, {"n": 2})
        raise RuntimeError


def test_what_was_put_is_there_again(store: Store) -> None:
    store.put("networks", "a", {"name": "a"})
    assert again(store).get("networks", "a") == {"name": "a"}


def test_what_was_removed_is_not_there_again(store: Store) -> None:
    store.put("networks", "a", {})
    store.remove("networks", "a")
    assert again(store).keys("networks") == []


def test_a_change_that_raises_changes_nothing(store: Store) -> None:
    store.put("networks", "a", {"n": 1})
    with pytest.raises(RuntimeError):
        spoil(store, "a", "b")
    seen = store.items("networks")
    assert (seen, again(store).items("networks")) == ([("a", {"n": 1})], [("a", {"n": 1})])


def test_an_inner_change_that_raises_takes_nothing_from_the_outer_one(store: Store) -> None:
    with store.change():
        store.put("networks", "a", {})
        with pytest.raises(RuntimeError):
            spoil(store, "b")
    assert again(store).keys("networks") == ["a"]


@pytest.mark.parametrize("kept", [1, 5, 20, -1])
def test_a_change_whose_line_was_cut_off_was_not_made(store: Store, path: Path, kept: int) -> None:
    store.put("networks", "a", {})
    before = path.stat().st_size
    with store.change():
        store.put("networks", "b", {})
        store.put("networks", "c", {})
    path.write_bytes(path.read_bytes()[: before + kept if kept > 0 else kept])
    assert again(store).keys("networks") == ["a"]


def test_keys_are_in_order_from_where_a_page_ended(store: Store) -> None:
    for name in "dbaec":
        store.put("networks", f"p/{name}", {})
    store.put("networks", "q/a", {})
    assert store.keys("networks", "p/", after="p/b", most=2) == ["p/c", "p/d"]


def test_the_file_forgets_what_is_past_when_it_is_opened(store: Store, path: Path) -> None:
    for number in range(100):
        store.put("networks", "a", {"n": number})
    grown = path.stat().st_size
    again(store)
    assert path.stat().st_size < grown / 50


def test_a_file_belongs_to_one_at_a_time(store: Store) -> None:
    with pytest.raises(StateTaken, match="another simulation has"):
        Store(store.path)
    store.close()
    Store(store.path).close()
