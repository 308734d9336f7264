"""Whatever is changed on either side, and wherever a pull is cut off: nothing of the user's and no output is lost."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cynthus.operations.ahead import SMALL
from cynthus.state.known import Known
from tests.operations.cut import Cut, cut_off
from tests.operations.twins import OLD, Twins, clear, contents, remove

MORE_THAN_ENOUGH = 200

# one pull, cut off at every step


def prepared(place: Path) -> Twins:
    """Something came home, was changed on both sides and on each alone."""
    twins = Twins(place)
    for path in ("both", "host only", "home only", "sub/turned", "grown"):
        twins.writes(path, f"{path} 1")
    twins.links("latest", "both")
    twins.pull()
    for path in ("both", "host only", "fresh", "deep/er/fresh", "grown/up"):
        twins.writes(path, f"{path} 2", OLD)
    twins.links("latest", "fresh")
    twins.links("sub/turned", "../fresh")
    for path in ("both", "home only"):
        twins.mine(path, f"mine {path}")
    return twins


WANTED = {
    "both": "mine both", "both.from-host": "both 2", "home only": "mine home only", "fresh": "fresh 2",
    "home only.from-host": "home only 1", "host only": "host only 2", "deep/er/fresh": "deep/er/fresh 2",
    "grown/up": "grown/up 2", "latest": "-> fresh", "sub/turned": "-> ../fresh",
}


def cut(twins: Twins, steps: int) -> bool:
    """A pull that is cut off after so many steps; whether there were more."""
    try:
        with cut_off(twins.place, steps):
            twins.pull()
    except Cut:
        return True
    return False


@pytest.mark.crash
def test_wherever_a_pull_is_cut_off_the_next_one_comes_to_the_same_end(tmp_path: Path) -> None:
    cuts = 0
    while cut(twins := prepared(tmp_path / str(cuts)), cuts):
        assert twins.texts["both"] == "mine both", f"cut off after {cuts} steps"
        twins.pull()
        assert twins.texts == WANTED, f"cut off after {cuts} steps"
        cuts += 1
    assert 40 < cuts < MORE_THAN_ENOUGH


@pytest.mark.crash
def test_what_the_host_has_written_since_replaces_what_a_cut_left(tmp_path: Path) -> None:
    cuts = 0
    while cut(twins := prepared(tmp_path / str(cuts)), cuts):
        twins.writes("host only", "host only 3")
        twins.writes("fresh", "fresh 3")
        twins.pull()
        assert twins.texts == {**WANTED, "host only": "host only 3", "fresh": "fresh 3"}, f"cut off after {cuts} steps"
        cuts += 1


@pytest.mark.crash
def test_a_pull_that_is_cut_off_again_and_again_comes_to_its_end(tmp_path: Path) -> None:
    twins = prepared(tmp_path)
    for steps in range(MORE_THAN_ENOUGH):
        if not cut(twins, steps):
            break
    assert twins.texts == WANTED


# any history

PATHS = st.sampled_from(["a", "a.from-host", "b", "b/c", "b/d/e"])
TARGETS = st.sampled_from(["a", "b/c", "../a", ".", "..", "../outside", "b/../a"])
STEPS = st.one_of(
    st.tuples(st.sampled_from(["writes", "mine"]), PATHS, st.integers(0, 10**6)),
    st.tuples(st.sampled_from(["links", "my_link"]), PATHS, TARGETS),
    st.tuples(st.just("cut"), st.none(), st.integers(0, 40)),
    st.tuples(st.sampled_from(["pull", "forget", "anew"]), st.none(), st.none()),
)


@dataclass
class History:
    """What happens on both sides. Each text and each time of change is there once; `own` is what the user has."""

    twins: Twins
    own: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def take(self, step: str, path: str, what: Any) -> None:
        self.count += 1
        getattr(self, step)(path, what)

    def writes(self, path: str, age: int) -> None:
        # One in three comes on its own, and in part where it is cut off.
        large = "." * (SMALL if age % 3 == 1 else 0)
        self.twins.writes(path, f"host {self.count:04}{large}", OLD + age * 1000 + self.count)

    def links(self, path: str, target: str) -> None:
        self.twins.links(path, target)

    def mine(self, path: str, age: int) -> None:
        self._take_over(path, f"mine {self.count:04}")
        self.twins.mine(path, self.own[path], OLD + age * 1000 + self.count)

    def my_link(self, path: str, target: str) -> None:
        # No link of the host's says the same.
        self._take_over(path, f"-> {self.twins.place}/outside/../home/{target}")
        clear(self.twins.home, path).symlink_to(self.own[path].removeprefix("-> "))

    def pull(self, *_: None) -> None:
        self.twins.pull()

    def cut(self, _: None, steps: int) -> None:
        cut(self.twins, steps)

    def forget(self, *_: None) -> None:
        self.twins.record.unlink(missing_ok=True)

    def anew(self, *_: None) -> None:
        """Another host, which began with nothing: every text at home is the user's to it, but for what a cut left."""
        self.twins.begun = Known(f"b{self.count}")
        remove(self.twins.host)
        self.twins.host.mkdir()
        whole = {path: text for path, text in self.twins.texts.items() if not path.endswith(".part")}
        self.own |= {path: text for path, text in whole.items() if text.startswith("host")}

    def _take_over(self, path: str, content: str) -> None:
        """What the user removes to make room is their own business."""
        way = {each for each in self.own if f"{each}/".startswith(f"{path}/") or f"{path}/".startswith(f"{each}/")}
        self.own = {each: text for each, text in self.own.items() if each not in way} | {path: content}


@settings(deadline=None, max_examples=150)
@example([("writes", "a", 0), ("cut", None, 11), ("anew", None, None), ("writes", "a", 0)])
@example([("writes", "b/c", 0), ("mine", "b", 0), ("cut", None, 6), ("writes", "b", 0)])
@given(st.lists(STEPS, max_size=14))
def test_after_any_history_everything_is_there(steps: list[tuple[str, str, Any]]) -> None:
    with TemporaryDirectory() as place:
        history = History(Twins(Path(place)))
        twins = history.twins
        (twins.place / "outside").mkdir()
        for step in [*steps, ("pull", "", None)]:
            history.take(*step)
            assert history.own.items() <= twins.texts.items(), f"lost by {step}"
        listed = {file.path for file in twins.compare().files}
        saved = {text for path, text in contents(twins.host).items() if path in listed}
        assert saved <= set(twins.texts.values())
        assert twins.compare().size == (0, 0)
        assert list((twins.place / "outside").iterdir()) == []


@settings(deadline=None)
@example([("a", "a//")])
@given(st.lists(st.tuples(PATHS, TARGETS | st.text("./ab", min_size=1, max_size=9)), max_size=6))
def test_no_link_that_comes_home_leads_out(links: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as place:
        twins = Twins(Path(place).resolve())
        for path, target in links:
            twins.links(path, target)
        twins.pull()
        for path in twins.texts:
            assert leads_to(twins.home / path).startswith(str(twins.home)), path


def leads_to(link: Path) -> str:
    """Where a link ends; one that goes in circles ends where it lies."""
    try:
        return os.path.realpath(link, strict=True)
    except OSError as error:
        # Without `strict`, Python takes the link `a` to `a//` for one to the root.
        return str(link) if error.errno == errno.ELOOP else os.path.realpath(link)
