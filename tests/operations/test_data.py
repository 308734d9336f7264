"""`data add`, `data ls` and `data sync`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.load import load
from cynthus.errors import ConfirmationNeeded, CynthusError, NothingRunning, ReferenceUnknown, SpecError, UsageError
from cynthus.operations import elsewhere
from cynthus.operations.data import add, listed, sync, use
from cynthus.testing.huggingface import HuggingFaceHub
from cynthus.testing.web import WebServer, serving
from tests.operations.workshop import PRINTS, Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.core.reference import Description, Reference

WORDS = "hf://datasets/me/words"


@pytest.fixture(scope="module")
def hub() -> Iterator[HuggingFaceHub]:
    with serving(HuggingFaceHub()) as made:
        made.commit("datasets/me/words", {"a.txt": b"12345"}, licence="mit")
        made.commit("me/tiny", {"config.json": b"{}"})
        yield made


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with serving(WebServer()) as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, hub: HuggingFaceHub) -> Iterator[Workshop]:
    made = Workshop(tmp_path, HF_ENDPOINT=hub.address)
    yield made
    made.home()


def text(folder: Path) -> str:
    return (folder / "cynthus.yaml").read_text()


# add


def test_the_first_makes_the_file(shop: Workshop) -> None:
    folder = shop.folder()
    added = add(shop.tools, WORDS, str(folder))
    assert (text(folder), added.place) == (f"data:\n  - {WORDS}\n", "data")


def test_it_says_what_that_is(shop: Workshop) -> None:
    added = add(shop.tools, WORDS, str(shop.folder()))
    assert added.description is not None
    assert elsewhere.told(added.description).startswith(f"{WORDS}: 5 bytes, licence mit, revision ")


def test_a_second_gets_a_name(shop: Workshop) -> None:
    folder = shop.folder(spec="# mine\ndata:\n  - {from: main.py, as: own}  # why not\n")
    assert add(shop.tools, WORDS, str(folder)).place == "data/words"
    assert text(folder).startswith("# mine\ndata:\n  - {from: main.py, as: own}  # why not\n")
    assert [entry.name for entry in load(folder, known_targets=("local",)).data or ()] == ["own", "words"]


def test_a_model_goes_to_the_models(shop: Workshop) -> None:
    folder = shop.folder()
    assert add(shop.tools, "hf://me/tiny", str(folder)).place == "models/tiny"
    assert text(folder) == "models:\n  - hf://me/tiny\n"


def test_a_path_may_be_added_too(shop: Workshop) -> None:
    folder = shop.folder()
    assert add(shop.tools, "main.py", str(folder), name="program").place == "data/program"


@pytest.mark.parametrize(
    ("address", "kind"),
    [("hf://datasets/me/wrods", ReferenceUnknown), ("s3://bucket/x", UsageError), ("gone.csv", UsageError),
     ("~/x", SpecError)],
)  # fmt: skip
def test_what_cannot_be_had_is_not_written(shop: Workshop, address: str, kind: type[CynthusError]) -> None:
    folder = shop.folder(spec="name: app\n")
    with pytest.raises(kind):
        add(shop.tools, address, str(folder))
    assert text(folder) == "name: app\n"


def test_nothing_is_added_to_a_broken_file(shop: Workshop) -> None:
    folder = shop.folder(spec="nmae: app\n")
    with pytest.raises(SpecError):
        add(shop.tools, WORDS, str(folder))


def test_what_main_py_finds_already_does_not_move_unasked(shop: Workshop) -> None:
    folder = shop.folder()
    (folder / "data").mkdir()
    with pytest.raises(UsageError, match="needs a name"):
        add(shop.tools, WORDS, str(folder))
    nameless = shop.folder("other", spec="data: [main.py]\n")
    with pytest.raises(UsageError, match="needs a name"):
        add(shop.tools, WORDS, str(nameless))


def test_a_name_that_is_taken_is_refused(shop: Workshop) -> None:
    folder = shop.folder(spec="data: [{from: main.py, as: words}]\n")
    with pytest.raises(SpecError):
        add(shop.tools, WORDS, str(folder))


# ls


def test_all_that_there_is_is_listed(shop: Workshop) -> None:
    spec = f"data: [{{from: main.py, as: own}}, {{from: {WORDS}, as: words}}]\nmodels: [hf://me/tiny]\n"
    _, items = listed(shop.tools, str(shop.folder(spec=spec)))
    assert [(each.place, each.size, each.licence, each.on_host) for each in items] == [
        ("data/own", len(PRINTS), "", None), ("data/words", 5, "mit", False), ("models/tiny", 2, "", False),
    ]  # fmt: skip


# sync


def up(shop: Workshop, web: WebServer) -> Path:
    """A deployment that has the file as it is."""
    folder = shop.folder(spec=f"data: ['{web.put('/table.csv', b'1,2,3')}']\n")
    shop.to_the_end(shop.up(folder))
    return folder


def test_the_hosts_have_the_new_one_and_no_run_began(shop: Workshop, web: WebServer) -> None:
    folder = up(shop, web)
    before = shop.tools.index.by_folder(folder)[0].last_run
    assert listed(shop.tools, str(folder))[1][0].on_host
    web.put("/table.csv", b"4")
    assert sync(shop.tools, str(folder), yes=False)[1]
    assert sorted(path.read_bytes() for path in shop.host(folder).glob("data/*/table.csv")) == [b"1,2,3", b"4"]
    assert shop.tools.index.by_folder(folder)[0].last_run == before


def test_where_all_is_there_nothing_is_fetched(shop: Workshop, web: WebServer) -> None:
    folder = up(shop, web)
    assert not sync(shop.tools, str(folder), yes=False)[1]


def test_a_large_one_is_asked_about(shop: Workshop, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = up(shop, web)
    web.put("/table.csv", b"456789")
    monkeypatch.setattr(elsewhere, "LARGE", 5)
    with pytest.raises(ConfirmationNeeded):
        sync(shop.tools, str(folder), yes=False)


def test_without_a_host_there_is_nobody_to_fetch(shop: Workshop) -> None:
    with pytest.raises(NothingRunning):
        sync(shop.tools, str(shop.folder(spec=f"data: [{WORDS}]\n")), yes=True)


# use


def test_data_that_is_used_is_what_main_py_finds(shop: Workshop) -> None:
    folder = shop.folder()
    used = use(shop.tools, WORDS, str(folder))
    assert (text(folder), used.place) == (f"data:\n  - {WORDS}\n", "data")


def test_it_takes_the_place_of_what_was_there(shop: Workshop) -> None:
    folder = shop.folder(spec="data: [{from: hf://datasets/me/others, as: own}]  # mine\n")
    used = use(shop.tools, WORDS, str(folder))
    assert (text(folder), used.place) == (f"data: [{{from: {WORDS}, as: own}}]  # mine\n", "data/own")


def test_a_path_is_meant_from_where_one_is(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shop.folder()
    (folder.parent / "pictures").mkdir()
    monkeypatch.chdir(folder.parent)
    use(shop.tools, "pictures", str(folder))
    assert text(folder) == "data:\n  - ../pictures\n"


def test_what_is_used_already_is_not_written_again(shop: Workshop) -> None:
    folder = shop.folder(spec=f"data: ['{WORDS}']\n")
    use(shop.tools, WORDS, str(folder))
    assert text(folder) == f"data: ['{WORDS}']\n"


@pytest.mark.parametrize("address", ["no/such", "hf://datasets/me/no-such", "ftp://x/y"])
def test_what_is_nowhere_is_not_used(shop: Workshop, address: str) -> None:
    folder = shop.folder(spec="name: x\n")
    with pytest.raises(CynthusError):
        use(shop.tools, address, str(folder))
    assert text(folder) == "name: x\n"


def test_a_file_that_was_edited_meanwhile_is_left_as_it_is(shop: Workshop) -> None:
    folder = shop.folder(spec="name: x\n")

    class Editing:
        """Somebody saves the file while its place is asked."""

        def describe(self, one: Reference) -> Description:
            (folder / "cynthus.yaml").write_text("name: other\n")
            return places.describe(one)

    places = shop.tools.places
    with pytest.raises(UsageError, match="changed meanwhile"):
        use(replace(shop.tools, places=Editing()), WORDS, str(folder))
    assert text(folder) == "name: other\n"


def test_of_several_entries_none_is_replaced(shop: Workshop) -> None:
    folder = shop.folder(spec=f"data: [{{from: {WORDS}, as: a}}, {{from: {WORDS}, as: b}}]\n")
    with pytest.raises(UsageError, match="2 data entries"):
        use(shop.tools, "hf://datasets/me/others", str(folder))
