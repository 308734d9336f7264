from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cynthus.core import reference
from cynthus.datasets.kaggle import Kaggle, on_the_wire
from cynthus.errors import CynthusError, DownloadFailed, ReferenceUnknown, TokenNeeded
from cynthus.testing.kaggle import KaggleHub
from cynthus.testing.web import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.core.reference import Description

SENTINEL = f"KGAT_{os.urandom(12).hex()}"

TINY = "me/tiny/MODEL_FRAMEWORK_PY_TORCH/base"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[KaggleHub]:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with serving(KaggleHub()) as made:
        made.publish("me/words", {"a.csv": b"12345"}, licence="CC0-1.0")
        made.release(TINY, {"model.bin": b"123"}, licence="Apache 2.0")
        made.hold("titanic", {"train.csv": b"1"})
        yield made


def describe(hub: KaggleHub, address: str, **environment: str) -> Description:
    return Kaggle({"KAGGLE_API_ENDPOINT": hub.address, **environment}).describe(reference.parse(address))


def refusal(hub: KaggleHub, address: str, **environment: str) -> CynthusError:
    with pytest.raises(CynthusError) as caught:
        describe(hub, address, **environment)
    assert SENTINEL not in f"{caught.value.message} {caught.value.hint} {caught.value.details}"
    return caught.value


def test_a_service_that_anybody_can_read_along_with_is_not_asked(hub: KaggleHub) -> None:
    found = refusal(hub, "kaggle://me/words", KAGGLE_API_ENDPOINT="http://192.0.2.1", KAGGLE_API_TOKEN=SENTINEL)
    assert ("anybody can change" in found.message, "https://" in found.hint) == (True, True)


def test_size_licence_and_version_are_known_before(hub: KaggleHub) -> None:
    found = describe(hub, "kaggle://me/words")
    assert (found.size, found.licence, found.pin, found.closed) == (5, "CC0-1.0", "1", False)


def test_a_new_version_is_another_content(hub: KaggleHub) -> None:
    hub.publish("me/words", {"a.csv": b"1"})
    assert describe(hub, "kaggle://me/words").pin == "2"


def test_a_version_that_is_named_is_meant(hub: KaggleHub) -> None:
    hub.publish("me/words", {"a.csv": b"1"})
    found = describe(hub, "kaggle://me/words@1")
    assert (found.pin, found.size) == ("1", None)


def test_a_version_that_is_not_there_is_told_with_the_newest(hub: KaggleHub) -> None:
    found = refusal(hub, "kaggle://me/words@7")
    assert (type(found), found.hint) == (ReferenceUnknown, "the newest is 1")


def test_what_is_open_is_asked_for_without_a_token(hub: KaggleHub) -> None:
    describe(hub, "kaggle://me/words", KAGGLE_API_TOKEN=SENTINEL)
    assert {each.headers.get("authorization") for each in hub.asked} == {None}


def test_what_is_not_there_is_told(hub: KaggleHub) -> None:
    assert isinstance(refusal(hub, "kaggle://me/wrods"), ReferenceUnknown)


@pytest.mark.parametrize("address", ["kaggle://me/secret", "kaggle://competitions/titanic"])
def test_what_is_closed_says_which_variable_to_set(hub: KaggleHub, address: str) -> None:
    hub.publish("me/secret", {"a": b""}, private=True)
    found = refusal(hub, address)
    assert (type(found), "KAGGLE_API_TOKEN" in found.hint, "kaggle.com/settings" in found.hint) == (
        TokenNeeded, True, True,
    )  # fmt: skip


def test_a_token_that_is_not_taken_is_told(hub: KaggleHub) -> None:
    found = refusal(hub, "kaggle://competitions/titanic", KAGGLE_API_TOKEN=SENTINEL)
    assert (type(found), "expired or is mistyped" in found.hint) == (TokenNeeded, True)


def test_rules_that_are_not_accepted_are_told_with_their_page(hub: KaggleHub) -> None:
    hub.tokens.add(SENTINEL)
    found = refusal(hub, "kaggle://competitions/titanic", KAGGLE_API_TOKEN=SENTINEL)
    assert "https://www.kaggle.com/competitions/titanic" in found.hint


def test_size_licence_and_version_of_a_model_are_known_before(hub: KaggleHub) -> None:
    found = describe(hub, "kaggle://models/me/tiny/pyTorch/base")
    assert (found.size, found.licence, found.pin, found.closed) == (3, "Apache 2.0", "1", False)


def test_an_older_version_of_a_model_is_as_large_as_its_archive(hub: KaggleHub) -> None:
    hub.release(TINY, {"model.bin": b"1234"})
    found = describe(hub, "kaggle://models/me/tiny/pyTorch/base/1")
    assert found.pin == "1"
    assert found.size is not None
    assert found.size > 30


def test_a_version_of_a_model_that_is_not_there_is_told_with_the_newest(hub: KaggleHub) -> None:
    found = refusal(hub, "kaggle://models/me/tiny/pyTorch/base@7")
    assert (type(found), found.hint) == (ReferenceUnknown, "the newest is 1")


def test_another_framework_is_another_model(hub: KaggleHub) -> None:
    assert isinstance(refusal(hub, "kaggle://models/me/tiny/keras/base"), ReferenceUnknown)


def test_a_gated_model_says_before_that_its_terms_are_to_be_accepted(hub: KaggleHub) -> None:
    hub.release(TINY, {"model.bin": b"1"}, gated=True)
    hub.tokens.add(SENTINEL)
    assert "KAGGLE_API_TOKEN" in refusal(hub, "kaggle://models/me/tiny/pyTorch/base").hint
    found = refusal(hub, "kaggle://models/me/tiny/pyTorch/base", KAGGLE_API_TOKEN=SENTINEL)
    assert found.hint.endswith("https://www.kaggle.com/models/me/tiny")


def test_a_gated_model_opens_to_who_accepted_its_terms(hub: KaggleHub) -> None:
    hub.release(TINY, {"model.bin": b"1"}, gated=True)
    hub.accept(SENTINEL, "me/tiny")
    assert describe(hub, "kaggle://models/me/tiny/pyTorch/base", KAGGLE_API_TOKEN=SENTINEL).closed


@pytest.mark.data
def test_frameworks_are_those_that_kaggles_own_library_knows() -> None:
    from kaggle.api.kaggle_api_extended import KaggleApi
    from kagglesdk.models.types.model_enums import ModelFramework

    api, any_of = KaggleApi(), ModelFramework.MODEL_FRAMEWORK_API
    for each in reference.FRAMEWORKS:
        assert api.lookup_enum(ModelFramework, any_of, each).name == on_the_wire(each)
    known = {each.name for each in ModelFramework} - {"MODEL_FRAMEWORK_UNSPECIFIED"}
    assert {on_the_wire(each) for each in reference.FRAMEWORKS} == known


def test_a_competition_is_pinned_by_what_its_store_says(hub: KaggleHub) -> None:
    hub.accept(SENTINEL, "titanic")
    before = describe(hub, "kaggle://competitions/titanic", KAGGLE_API_TOKEN=SENTINEL)
    hub.hold("titanic", {"train.csv": b"2"})
    after = describe(hub, "kaggle://competitions/titanic", KAGGLE_API_TOKEN=SENTINEL)
    assert before.closed
    assert before.size
    assert before.pin != after.pin


def test_a_user_with_a_key_is_known_too(hub: KaggleHub) -> None:
    hub.accept(f"me:{SENTINEL}", "titanic")
    assert describe(hub, "kaggle://competitions/titanic", KAGGLE_USERNAME="me", KAGGLE_KEY=SENTINEL).closed


@pytest.mark.parametrize("name", ["access_token", "kaggle.json"])
def test_files_of_kaggles_own_program_count(hub: KaggleHub, tmp_path: Path, name: str) -> None:
    told = SENTINEL if name == "access_token" else json.dumps({"username": "me", "key": SENTINEL})
    hub.accept(SENTINEL if name == "access_token" else f"me:{SENTINEL}", "titanic")
    (tmp_path / ".kaggle").mkdir()
    (tmp_path / ".kaggle" / name).write_text(told)
    assert describe(hub, "kaggle://competitions/titanic", HOME=str(tmp_path)).closed


def test_a_token_may_stand_in_a_file_that_is_named(hub: KaggleHub, tmp_path: Path) -> None:
    hub.accept(SENTINEL, "titanic")
    (tmp_path / "token").write_text(SENTINEL)
    assert describe(hub, "kaggle://competitions/titanic", KAGGLE_API_TOKEN=str(tmp_path / "token")).closed


def test_one_that_is_busy_for_long_is_told(hub: KaggleHub) -> None:
    hub.fail(429, retry_after="90")
    found = refusal(hub, "kaggle://me/words")
    assert (type(found), "in 90 s" in found.hint) == (DownloadFailed, True)


def test_an_answer_that_makes_no_sense_is_told(hub: KaggleHub) -> None:
    hub.fail(200)
    assert isinstance(refusal(hub, "kaggle://me/words"), DownloadFailed)
