"""Fetching from Hugging Face, with its own library, which talks to a hub on loopback."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from cynthus.agent import failure, wanted
from cynthus.agent import hub as room
from cynthus.testing.huggingface import HuggingFaceHub
from cynthus.testing.web import serving
from tests.agent.elsewhere import content, lying, said
from tests.agent.host import Host, bare_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.agent.wanted import Wanted

pytestmark = pytest.mark.data
NAME = "datasets/me/words"
FILES = {"README.md": b"words", "data/train.bin": os.urandom(900_000), "data/[1] odd.txt": b"odd"}
SENTINEL = f"hf_{os.urandom(12).hex()}"


@pytest.fixture
def hub() -> Iterator[HuggingFaceHub]:
    with serving(HuggingFaceHub()) as made:
        yield made


def asking(hub: HuggingFaceHub, files: tuple[str, ...] = (), content: dict[str, bytes] | None = None) -> Wanted:
    return wanted.parse({
        "scheme": "hf", "kind": "dataset", "name": "me/words", "pin": hub.commit(NAME, content or FILES),
        "files": files, "sha256": None, "unpack": False, "size": None, "text": "hf://datasets/me/words",
    })  # fmt: skip


def fetch(host: Host, hub: HuggingFaceHub, one: Wanted, **tokens: str) -> dict[str, Any]:
    host.environment["HF_ENDPOINT"] = hub.address
    answer = host.call("fetch", "--deployment", host.home.deployment, stdin=said(one, **tokens))
    assert SENTINEL.encode() not in answer.stdout + answer.stderr
    document: dict[str, Any] = json.loads(answer.stdout)
    return document


@pytest.mark.parametrize(("scheme", "variable"), [("hf", "HF_ENDPOINT"), ("kaggle", "KAGGLE_API_ENDPOINT")])
def test_a_place_that_anybody_can_read_along_with_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, scheme: str, variable: str
) -> None:
    """Before its library is even there."""
    monkeypatch.setenv(variable, "http://192.0.2.1")
    with pytest.raises(failure.Failure, match="anybody can change") as caught:
        room.fetch({"scheme": scheme})
    assert caught.value.code == failure.DOWNLOAD


class Once(NamedTuple):
    """What came of one fetch, for several looks at it."""

    host: Host
    hub: HuggingFaceHub
    one: Wanted
    answer: dict[str, Any]


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, program: Path) -> Iterator[Once]:
    """One that only a token opens."""
    host = Host(tmp_path_factory.mktemp("closed") / "a host", program, os.environ)
    with serving(HuggingFaceHub()) as hub:
        one = asking(hub)
        hub.gate(NAME)
        hub.let_in(SENTINEL, NAME)
        yield Once(host, hub, one, fetch(host, hub, one, HF_TOKEN=SENTINEL))
    host.ask("remove")


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory, program: Path) -> Iterator[Once]:
    """Some files of an open one, on the host of somebody who has a token, from a hub that is busy at first."""
    host = Host(tmp_path_factory.mktemp("part") / "a host", program, {**os.environ, "HF_TOKEN": "of somebody else"})
    with serving(HuggingFaceHub()) as hub:
        one = asking(hub, ("data/[[]*", "*.md"))
        hub.fail(429, retry_after="0", path="/datasets")
        yield Once(host, hub, one, fetch(host, hub, one))
    host.ask("remove")


def test_the_files_come_as_they_are_in_the_repository(closed: Once) -> None:
    assert closed.answer["changed"] is True
    assert content(closed.host.home, closed.one) == FILES


def test_nothing_of_the_library_stays_with_them(closed: Once) -> None:
    one = closed.one
    found = sorted(each.name for each in closed.host.home.data.iterdir())
    assert found == [f".{one.id}.lock", one.id, f"{one.id}.json"]


def test_the_token_is_in_no_file(closed: Once) -> None:
    files = [path for path in closed.host.root.rglob("*") if path.is_file()]
    assert [path for path in files if SENTINEL.encode() in path.read_bytes()] == []


def test_what_is_here_is_not_asked_for_again(closed: Once) -> None:
    closed.hub.asked.clear()
    assert fetch(closed.host, closed.hub, closed.one)["changed"] is False
    assert closed.hub.asked == []


def test_only_files_that_are_wanted_come(part: Once) -> None:
    assert set(content(part.host.home, part.one)) == {"README.md", "data/[1] odd.txt"}


def test_a_token_of_the_user_of_the_host_is_not_used(part: Once) -> None:
    assert {each.headers.get("authorization") for each in part.hub.asked} == {None}


def test_a_server_that_asks_to_wait_is_waited_for(part: Once) -> None:
    asked = [each.path for each in part.hub.asked if each.path.startswith("/datasets")]
    assert len(asked) > len(set(asked))


def test_a_cut_connection_is_gone_on_from(host: Host, hub: HuggingFaceHub) -> None:
    one = asking(hub)
    hub.cut_after(300_000, times=2)
    fetch(host, hub, one)
    assert content(host.home, one) == FILES
    assert hub.sent < 1_300_000


def test_without_a_token_a_gate_is_told(host: Host, hub: HuggingFaceHub) -> None:
    one = asking(hub)
    hub.gate(NAME)
    problem = fetch(host, hub, one)["error"]
    assert problem["code"] == failure.TOKEN_NEEDED
    assert "/datasets/me/words" in problem["hint"]
    assert lying(host.home) == []


def test_a_token_that_is_not_taken_is_told_and_not_repeated(host: Host, hub: HuggingFaceHub) -> None:
    problem = fetch(host, hub, asking(hub), HF_TOKEN=SENTINEL)["error"]
    assert (problem["code"], "HF_TOKEN" in problem["message"]) == (failure.TOKEN_NEEDED, True)


def test_a_revision_that_is_gone_is_told(host: Host, hub: HuggingFaceHub) -> None:
    one = asking(hub)._replace(pin="0" * 40)
    assert fetch(host, hub, one)["error"]["code"] == failure.REFERENCE_UNKNOWN


@pytest.mark.parametrize("path", ["README.md", "data/train.bin"])
def test_what_is_not_what_the_hub_says_is_refused(host: Host, hub: HuggingFaceHub, path: str) -> None:
    one = asking(hub)
    hub.spoil(NAME, path, bytes(len(FILES[path])))
    assert fetch(host, hub, one)["error"]["code"] == failure.CONTENT_WRONG
    assert lying(host.home) == []


def test_what_came_before_a_failure_is_not_fetched_again(host: Host, hub: HuggingFaceHub) -> None:
    one = asking(hub)
    hub.fail(403, times=99, path="/datasets/me/words/resolve/" + one.pin + "/README.md")
    assert "error" in fetch(host, hub, one)
    hub._failures.clear()
    before = hub.sent
    fetch(host, hub, one)
    assert content(host.home, one) == FILES
    assert hub.sent - before < 900_000
    assert Path(host.home.data / one.id).is_dir()


@pytest.mark.slow
def test_a_host_without_the_library_installs_it_once(host: Host, hub: HuggingFaceHub, tmp_path: Path) -> None:
    host.python = (bare_python(tmp_path), "-I", "-S")
    one = asking(hub)
    fetch(host, hub, one)
    assert content(host.home, one) == FILES
    made = list((host.root / "user/.cache/cynthus/libraries").glob("huggingface_hub-*/cynthus-environment.json"))
    assert len(made) == 1
