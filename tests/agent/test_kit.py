"""What a host that cannot see the app's folder is brought of it."""

from __future__ import annotations

import io
import json
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import archive, environment, kit, send, spec
from cynthus.agent.failure import ENVIRONMENT, Failure
from cynthus.agent.home import Home
from tests.agent.elsewhere import asking
from tests.agent.host import document

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "an app"
    (made / "data").mkdir(parents=True)
    (made / "main.py").write_text("print(1)\n")
    (made / "data/a").write_text("1")
    return made


def pack(folder: Path, **changes: object) -> kit.Packed:
    given = document(**changes)
    return kit.pack(folder, spec.parse(given), given, None, folder.parent / "kits/kit.tar")


def receive(folder: Path) -> kit.Received:
    return kit.receive(home(folder), folder.parent / "kits/kit.tar")


def home(folder: Path) -> Home:
    return Home(folder.parent / "home", "weather-abcdef")


def brought(folder: Path, **changes: object) -> kit.Received:
    """What arrives of the folder."""
    pack(folder, **changes)
    return receive(folder)


def names(received: kit.Received) -> set[str]:
    """The files that stand for the app's folder on the host."""
    found = (path.relative_to(received.folder) for path in received.folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if path.parts[0] != ".cynthus"}


def read_spec(received: kit.Received) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(received.spec.read_text())
    return found


def elsewhere(name: str) -> dict[str, object]:
    """An entry that the host fetches."""
    one = asking("https://example.org/a.csv", pin="p")
    return {"name": name, "from": one.text, "mode": "fetch", "fetch": one._asdict()}


# what arrives


def test_what_the_host_fetches_is_told_as_it_was_said(folder: Path) -> None:
    here = {"name": "here", "from": "data", "mode": "copy"}
    told = read_spec(brought(folder, data=[elsewhere("there"), here], models=[elsewhere("m")]))
    assert json.loads(json.dumps([elsewhere("there"), elsewhere("m")])) == [told["data"][0], told["models"][0]]
    assert told["data"][1]["mode"] == "mount"


def test_nothing_is_sent_of_what_the_host_fetches(folder: Path) -> None:
    assert not send.has_any(folder, spec.parse(document(data=[elsewhere("there")])))
    here = {"name": "here", "from": "data", "mode": "copy"}
    assert send.has_any(folder, spec.parse(document(data=[elsewhere("there"), here])))


def test_the_source_arrives_as_it_is(folder: Path, tmp_path: Path) -> None:
    archive.unpack(brought(folder, data=[{"name": None, "from": "data", "mode": "copy"}]).source, tmp_path / "there")
    assert {path.name for path in (tmp_path / "there").iterdir()} == {"main.py"}


def test_an_archive_that_is_given_is_the_source(folder: Path) -> None:
    given = document()
    packed = archive.pack(folder, spec.parse(given), folder.parent / "packed").path
    (folder / "main.py").write_text("changed since")
    kit.pack(folder, spec.parse(given), given, packed, folder.parent / "kits/kit.tar")
    assert receive(folder).source.read_bytes() == packed.read_bytes()


def test_without_requirements_nothing_else_arrives(folder: Path) -> None:
    assert names(brought(folder)) == set()


def test_requirements_that_are_empty_arrive_all_the_same(folder: Path) -> None:
    (folder / "requirements.txt").write_text("# none yet\n")
    assert names(brought(folder, requirements="requirements.txt")) == {"requirements.txt"}


def test_the_spec_arrives_with_all_that_it_says(folder: Path) -> None:
    assert read_spec(brought(folder, env={"A": "1"})) == document(env={"A": "1"})


def test_data_lies_beside_what_was_brought(folder: Path) -> None:
    received = brought(folder, data=[{"name": None, "from": "data", "mode": "copy"}])
    (entry,) = read_spec(received)["data"]
    place = (received.folder / entry["from"]).resolve()
    assert (place.parent, entry["mode"], entry["name"]) == (home(folder).data.resolve(), "mount", None)


def test_a_single_file_of_data_keeps_its_name(folder: Path) -> None:
    (folder / "x.csv").write_text("1")
    (entry,) = read_spec(brought(folder, data=[{"name": "x", "from": "x.csv", "mode": "copy"}]))["data"]
    assert (entry["from"].endswith("/x.csv"), entry["name"]) == (True, "x")


def test_nobody_else_on_the_machine_may_read_a_kit(folder: Path) -> None:
    assert pack(folder).path.stat().st_mode & 0o077 == 0


# requirements


@pytest.mark.parametrize("line", ["-r deps/more.txt", "-c deps/more.txt", "--constraint=deps/more.txt"])
def test_what_the_requirements_include_arrives_too(folder: Path, line: str) -> None:
    (folder / "deps").mkdir()
    (folder / "deps/more.txt").write_text("six\n")
    (folder / "requirements.txt").write_text(f"{line}\nattrs\n")
    assert names(brought(folder, requirements="requirements.txt")) == {"requirements.txt", "deps/more.txt"}


def test_a_package_in_the_folder_arrives_with_all_its_files(folder: Path) -> None:
    for path in ("own/pyproject.toml", "own/README.md", "own/src/own/data.bin", "own/build/old.py", "own/.git/HEAD"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("x")
    (folder / "requirements.txt").write_text("-e ./own\n")
    expected = {"requirements.txt", "own/pyproject.toml", "own/README.md", "own/src/own/data.bin"}
    assert names(brought(folder, requirements="requirements.txt")) == expected


def test_a_package_that_is_named_twice_arrives_once(folder: Path) -> None:
    (folder / "own").mkdir()
    (folder / "own/pyproject.toml").write_text("x")
    (folder / "own/deps.txt").write_text("six\n")
    (folder / "requirements.txt").write_text("./own\n-e own/\n-r own/deps.txt\n")
    found = names(brought(folder, requirements="requirements.txt"))
    assert found == {"requirements.txt", "own/pyproject.toml", "own/deps.txt"}


def test_the_environment_has_the_same_name_on_both_sides(folder: Path) -> None:
    (folder / "own").mkdir()
    (folder / "own/pyproject.toml").write_text("x")
    (folder / "requirements.txt").write_text("./own\nattrs\n")
    here = spec.parse(document(requirements="requirements.txt"))
    received = brought(folder, requirements="requirements.txt")
    there = spec.parse(read_spec(received))
    assert environment.identify(there, received.folder) == environment.identify(here, folder)


@pytest.mark.parametrize("line", ["-r ../more.txt", "-c {outside}/more.txt", "../own", "-e {outside}/own"])
def test_a_requirement_outside_of_the_folder_is_refused(folder: Path, line: str) -> None:
    (folder.parent / "more.txt").write_text("six\n")
    (folder.parent / "own").mkdir()
    (folder.parent / "own/pyproject.toml").write_text("x")
    (folder / "requirements.txt").write_text(line.format(outside=folder.parent) + "\n")
    with pytest.raises(Failure, match="lies outside of") as caught:
        pack(folder, requirements="requirements.txt")
    assert (caught.value.code, "into the folder" in caught.value.hint) == (ENVIRONMENT, True)


# again


def test_the_same_content_gives_the_same_bytes(folder: Path) -> None:
    first = pack(folder).path.read_bytes()
    os.utime(folder / "main.py", (1, 1))
    again = pack(folder)
    assert (again.changed, again.path.read_bytes()) == (False, first)


def test_another_content_is_another_kit(folder: Path) -> None:
    pack(folder)
    (folder / "main.py").write_text("print(2)\n")
    assert pack(folder).changed


def test_the_same_kit_is_unpacked_once(folder: Path) -> None:
    assert brought(folder).changed
    assert not receive(folder).changed


def test_another_kit_takes_the_place_of_the_last_one(folder: Path) -> None:
    (folder / "requirements.txt").write_text("six\n")
    brought(folder, requirements="requirements.txt")
    received = brought(folder)
    assert (received.changed, names(received)) == (True, set())


# what is no kit


def hostile(folder: Path, member: tarfile.TarInfo, content: bytes = b"") -> Path:
    path = folder.parent / "kits/kit.tar"
    path.parent.mkdir(exist_ok=True)
    member.size = len(content)
    with tarfile.open(path, "w") as tar:
        tar.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "a/../../escaped"])
def test_a_member_that_leads_out_is_refused(folder: Path, name: str) -> None:
    hostile(folder, tarfile.TarInfo(name), b"x")
    with pytest.raises(Failure, match="does not belong into a kit"):
        receive(folder)
    assert not list(folder.parent.rglob("escaped"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_member_that_is_no_file_is_refused(folder: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("a")
    member.type, member.linkname = kind, "/etc/passwd"
    hostile(folder, member)
    with pytest.raises(Failure, match="does not belong into a kit"):
        receive(folder)


@pytest.mark.parametrize("kept", [0, 700, 1100, 1800])
def test_a_kit_that_was_cut_off_is_refused_and_the_last_one_stays(folder: Path, kept: int) -> None:
    received = brought(folder)
    path = pack(folder, env={"A": "1"}).path
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(Failure, match="cannot be unpacked"):
        receive(folder)
    assert read_spec(received) == document()
    assert sorted(each.name for each in home(folder).folder.iterdir()) == ["brought", "makers.lock"]
