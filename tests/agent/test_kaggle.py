"""Fetching from Kaggle, with its own library, which talks to a Kaggle on loopback."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import failure, wanted
from cynthus.testing.kaggle import KaggleHub
from cynthus.testing.web import serving
from tests.agent.elsewhere import content, lying, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cynthus.agent.wanted import Wanted
    from tests.agent.host import Host

pytestmark = pytest.mark.data
FILES = {"train.csv": b"1,2\n", "deep/images.bin": os.urandom(900_000)}
SENTINEL = f"KGAT_{os.urandom(12).hex()}"


@pytest.fixture
def hub() -> Iterator[KaggleHub]:
    with serving(KaggleHub()) as made:
        made.publish("me/words", FILES)
        made.hold("titanic", FILES)
        made.release("me/tiny/MODEL_FRAMEWORK_TENSOR_FLOW_2/base", FILES)
        yield made


def asking(kind: str = "dataset", name: str = "me/words", pin: str = "1") -> Wanted:
    return wanted.parse({
        "scheme": "kaggle", "kind": kind, "name": name, "pin": pin, "files": [], "sha256": None, "unpack": False,
        "size": None, "text": f"kaggle://{name}",
    })  # fmt: skip


def fetch(host: Host, hub: KaggleHub, one: Wanted, **tokens: str) -> dict[str, Any]:
    host.environment["KAGGLE_API_ENDPOINT"] = hub.address
    answer = host.call("fetch", "--deployment", host.home.deployment, stdin=said(one, **tokens))
    assert SENTINEL.encode() not in answer.stdout + answer.stderr
    document: dict[str, Any] = json.loads(answer.stdout)
    return document


def test_a_data_set_comes_as_its_files(host: Host, hub: KaggleHub) -> None:
    hub.publish("me/words", {"later.csv": b""})
    host.environment["KAGGLE_API_TOKEN"] = "of the user of the host"
    fetch(host, hub, asking())
    assert content(host.home, asking()) == FILES
    assert {each.headers.get("authorization") for each in hub.asked} == {None}


def test_a_model_comes_as_its_files_where_models_are(host: Host, hub: KaggleHub) -> None:
    hub.release("me/tiny/MODEL_FRAMEWORK_TENSOR_FLOW_2/base", {"later.bin": b""})
    hub.cut_after(400_000, times=1)
    one = asking("model", "me/tiny/tensorFlow2/base")
    fetch(host, hub, one)
    folder = host.home.models / one.id
    files = {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}
    assert files == FILES


def test_a_gated_model_is_told_with_the_page_of_its_terms(host: Host, hub: KaggleHub) -> None:
    hub.release("me/tiny/MODEL_FRAMEWORK_TENSOR_FLOW_2/base", FILES, gated=True)
    hub.tokens.add(SENTINEL)
    one = asking("model", "me/tiny/tensorFlow2/base", "2")
    problem = fetch(host, hub, one, KAGGLE_API_TOKEN=SENTINEL)["error"]
    assert problem["hint"].endswith("https://www.kaggle.com/models/me/tiny")


def test_a_cut_connection_is_gone_on_from(host: Host, hub: KaggleHub) -> None:
    hub.cut_after(400_000, times=2)
    fetch(host, hub, asking())
    assert content(host.home, asking()) == FILES
    begun = [int(each.headers["range"].strip("bytes=-")) for each in hub.asked if "range" in each.headers]
    assert begun
    assert begun[0] > 300_000


def test_a_competition_opens_to_who_accepted_its_rules(host: Host, hub: KaggleHub) -> None:
    hub.accept(SENTINEL, "titanic")
    one = asking("competition", "titanic", "")
    fetch(host, hub, one, KAGGLE_API_TOKEN=SENTINEL)
    assert content(host.home, one) == FILES
    files = [path for path in host.root.rglob("*") if path.is_file()]
    assert [path for path in files if SENTINEL.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("whose", "word"), [("nobody's", "KAGGLE_API_TOKEN"), ("a wrong one", "settings"), ("a stranger's", "rules")]
)
def test_a_refusal_says_what_to_do(host: Host, hub: KaggleHub, whose: str, word: str) -> None:
    hub.tokens |= {SENTINEL} if whose == "a stranger's" else set()
    given = {} if whose == "nobody's" else {"KAGGLE_API_TOKEN": SENTINEL}
    problem = fetch(host, hub, asking("competition", "titanic", ""), **given)["error"]
    assert (problem["code"], word in problem["hint"]) == (failure.TOKEN_NEEDED, True)
    assert lying(host.home) == []


def test_a_version_that_is_gone_is_told(host: Host, hub: KaggleHub) -> None:
    assert fetch(host, hub, asking(pin="9"))["error"]["code"] == failure.REFERENCE_UNKNOWN


def test_files_that_were_changed_meanwhile_are_refused(host: Host, hub: KaggleHub) -> None:
    hub.accept(SENTINEL, "titanic")
    problem = fetch(host, hub, asking("competition", "titanic", '"older"'), KAGGLE_API_TOKEN=SENTINEL)["error"]
    assert problem["code"] == failure.CONTENT_WRONG
