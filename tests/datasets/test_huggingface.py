from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.core import reference
from cynthus.datasets.huggingface import HuggingFace
from cynthus.errors import CynthusError, DownloadFailed, ReferenceUnknown, TokenNeeded
from cynthus.testing.huggingface import HuggingFaceHub
from cynthus.testing.web import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.core.reference import Description

NAME = "datasets/me/words"
ADDRESS = "hf://datasets/me/words"
SENTINEL = f"hf_{os.urandom(12).hex()}"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HuggingFaceHub]:
    # Nothing of the keyring of whoever runs the tests.
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with serving(HuggingFaceHub()) as made:
        made.commit(NAME, {"a.txt": b"12345", "b/c.bin": bytes(2000)}, licence="cc-by-4.0")
        yield made


def describe(hub: HuggingFaceHub, address: str = ADDRESS, **environment: str) -> Description:
    place = HuggingFace({"HF_ENDPOINT": hub.address, **environment})
    return place.describe(reference.parse(address))


def refusal(hub: HuggingFaceHub, address: str = ADDRESS, **environment: str) -> CynthusError:
    with pytest.raises(CynthusError) as caught:
        describe(hub, address, **environment)
    assert SENTINEL not in f"{caught.value.message} {caught.value.hint} {caught.value.details}"
    return caught.value


def test_a_hub_that_anybody_can_read_along_with_is_not_asked(hub: HuggingFaceHub) -> None:
    found = refusal(hub, HF_ENDPOINT="http://192.0.2.1", HF_TOKEN=SENTINEL)
    assert ("anybody can change" in found.message, "https://" in found.hint) == (True, True)


def test_size_files_and_licence_are_known_before(hub: HuggingFaceHub) -> None:
    found = describe(hub)
    assert (found.size, found.count, found.licence, found.closed) == (2005, 2, "cc-by-4.0", False)


def test_a_branch_is_pinned_to_what_it_is_now(hub: HuggingFaceHub) -> None:
    before = describe(hub).pin
    after = hub.commit(NAME, {"a.txt": b"other"})
    assert (len(before), describe(hub).pin) == (40, after)


def test_a_revision_that_is_named_is_meant(hub: HuggingFaceHub) -> None:
    wanted = hub.commit(NAME, {"a.txt": b"1"}, branch="v1")
    assert describe(hub, f"{ADDRESS}@v1").pin == wanted


def test_only_files_that_are_wanted_count(hub: HuggingFaceHub) -> None:
    found = describe(hub, f"{ADDRESS}/b")
    assert (found.size, found.count) == (2000, 1)


def test_a_pattern_that_no_file_fits_is_told(hub: HuggingFaceHub) -> None:
    assert isinstance(refusal(hub, f"{ADDRESS}/*.parquet"), ReferenceUnknown)


def test_what_is_open_is_asked_for_without_a_token(hub: HuggingFaceHub) -> None:
    describe(hub, HF_TOKEN=SENTINEL)
    assert {each.headers.get("authorization") for each in hub.asked} == {None}


def test_one_that_is_not_there_is_told(hub: HuggingFaceHub) -> None:
    found = refusal(hub, "hf://datasets/me/wrods")
    assert (type(found), "HF_TOKEN" in found.hint) == (ReferenceUnknown, True)


def test_who_forgets_that_it_is_a_data_set_is_told(hub: HuggingFaceHub) -> None:
    assert "hf://datasets/me/words" in refusal(hub, "hf://me/words").hint


def test_a_revision_that_is_not_there_is_told(hub: HuggingFaceHub) -> None:
    assert "no revision v9" in refusal(hub, f"{ADDRESS}@v9").message


def test_a_gate_without_a_token_says_what_to_do(hub: HuggingFaceHub) -> None:
    hub.gate(NAME)
    found = refusal(hub)
    assert isinstance(found, TokenNeeded)
    assert all(word in found.hint for word in (f"{hub.address}/datasets/me/words", "HF_TOKEN", "settings/tokens"))


def test_a_gate_that_has_not_let_in_yet_is_told(hub: HuggingFaceHub) -> None:
    hub.gate(NAME)
    hub.tokens.add(SENTINEL)
    found = refusal(hub, HF_TOKEN=SENTINEL)
    assert (type(found), "is not yet" in found.message) == (TokenNeeded, True)


def test_a_token_that_is_not_taken_is_told_with_where_it_came_from(hub: HuggingFaceHub) -> None:
    hub.gate(NAME)
    found = refusal(hub, HF_TOKEN=SENTINEL)
    assert (type(found), "of your environment" in found.message) == (TokenNeeded, True)


def test_a_gate_opens_to_who_was_let_in(hub: HuggingFaceHub) -> None:
    hub.gate(NAME)
    hub.let_in(SENTINEL, NAME)
    assert describe(hub, HF_TOKEN=SENTINEL).closed


def test_what_is_private_is_seen_by_its_members(hub: HuggingFaceHub) -> None:
    hub.hide(NAME)
    hub.let_in(SENTINEL, NAME)
    assert describe(hub, HF_TOKEN=SENTINEL).closed


def test_a_login_of_the_hubs_own_program_counts(hub: HuggingFaceHub, tmp_path: Path) -> None:
    hub.gate(NAME)
    hub.let_in(SENTINEL, NAME)
    (tmp_path / ".cache/huggingface").mkdir(parents=True)
    (tmp_path / ".cache/huggingface/token").write_text(f"{SENTINEL}\n")
    assert describe(hub, HOME=str(tmp_path)).closed


def test_a_hub_that_is_busy_for_long_is_told(hub: HuggingFaceHub) -> None:
    hub.fail(429, retry_after="120")
    found = refusal(hub)
    assert (type(found), "in 120 s" in found.hint) == (DownloadFailed, True)


def test_an_answer_that_makes_no_sense_is_told(hub: HuggingFaceHub) -> None:
    hub.fail(200, path="/api")
    assert isinstance(refusal(hub), DownloadFailed)
