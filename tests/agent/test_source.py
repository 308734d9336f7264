from __future__ import annotations

import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import archive, context, spec
from cynthus.agent.failure import Failure
from cynthus.agent.listing import listing, unreadable
from tests.agent.host import RUN, Host, document, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "app"
    made.mkdir()
    return made


def put(folder: Path, *paths: str, text: str = "x") -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def packed(folder: Path, **changes: object) -> archive.Packed:
    return archive.pack(folder, spec.parse(document(**changes)), folder.parent / "packed")


def names(folder: Path, **changes: object) -> list[str]:
    """The files and links that get packed."""
    with tarfile.open(packed(folder, **changes).path) as tar:
        return sorted(member.name for member in tar if not member.isdir())


def hash_of(folder: Path) -> str:
    return archive.source_hash(folder, spec.parse(document()))


def test_files_come_with_their_folders(folder: Path) -> None:
    put(folder, "main.py", "a/b/c.py")
    assert names(folder) == ["a/b/c.py", "main.py"]


@pytest.mark.parametrize(
    "path",
    [
        ".git/config", ".venv/bin/python", "venv/pyvenv.cfg", "infra/local/main.tf", ".cynthus/journal", "outputs/x",
        "checkpoints/x", "__pycache__/x.pyc", "a/__pycache__/x.pyc", "a/.git/x", "node_modules/x", ".DS_Store",
    ],
)  # fmt: skip
def test_what_is_no_source_stays_out(folder: Path, path: str) -> None:
    put(folder, "main.py", path)
    assert names(folder) == ["main.py"]


def test_the_data_stays_out(folder: Path) -> None:
    put(folder, "main.py", "data/x", "more/y")
    entries = [{"name": None, "from": "./data", "mode": "mount"}]
    assert names(folder, data=entries) == ["main.py", "more/y"]


def test_a_folder_that_is_called_infra_further_down_comes_along(folder: Path) -> None:
    put(folder, "src/infra/x.py")
    assert names(folder) == ["src/infra/x.py"]


def test_of_a_folder_of_sources_only_that_is_packed(folder: Path) -> None:
    put(folder, "cynthus.yaml", "src/main.py", "src/infra/x.py", "src/outputs/y")
    assert names(folder, source="src") == ["infra/x.py", "main.py"]


def test_gitignore_counts_from_where_it_lies(folder: Path) -> None:
    put(folder, "a/x.log", "a/y.py", "x.log", "b/only.txt")
    put(folder, "a/.gitignore", text="*.log\n")
    put(folder, ".gitignore", text="/b/\n")
    assert names(folder) == [".gitignore", "a/.gitignore", "a/y.py", "x.log"]


def test_the_innermost_gitignore_decides(folder: Path) -> None:
    put(folder, ".gitignore", text="*.log\n")
    put(folder, "a/.gitignore", text="!keep.log\n")
    put(folder, "a/keep.log", "a/other.log")
    assert names(folder) == [".gitignore", "a/.gitignore", "a/keep.log"]


def test_a_gitignore_above_the_source_counts_too(folder: Path) -> None:
    put(folder, "src/secret.txt", "src/main.py")
    put(folder, ".gitignore", text="src/secret.txt\n")
    assert names(folder, source="src") == ["main.py"]


def test_dockerignore_counts_from_the_apps_folder(folder: Path) -> None:
    put(folder, "a/x.log", "x.log", "main.py")
    put(folder, ".dockerignore", text="# no logs up here\n*.log\n")
    assert names(folder) == [".dockerignore", "a/x.log", "main.py"]


def test_dockerignore_brings_back_from_a_folder_that_is_left_out(folder: Path) -> None:
    put(folder, "a/x", "a/keep", "main.py")
    put(folder, ".dockerignore", text="a\n!a/keep\n")
    assert names(folder) == [".dockerignore", "a/keep", "main.py"]


def test_the_same_content_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    put(folder, "b.py", "a/c.py")
    first = packed(folder)
    data = first.path.read_bytes()
    os.utime(folder / "b.py", (1, 1))
    (folder / "b.py").chmod(0o600)
    second = packed(folder)
    assert (second.hash, second.path.read_bytes()) == (first.hash, data)


CHANGES: list[Callable[[Path], object]] = [
    lambda folder: (folder / "a").write_text("other"),
    lambda folder: (folder / "a").rename(folder / "b"),
    lambda folder: (folder / "a").chmod(0o755),
    lambda folder: (folder / "new").touch(),
    lambda folder: (folder / "new").mkdir(),
    lambda folder: (folder / "new").symlink_to("a"),
    lambda folder: (folder / "a").unlink(),
]


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_gives_another_name(folder: Path, change: Callable[[Path], object]) -> None:
    put(folder, "a", "main.py")
    before = hash_of(folder)
    change(folder)
    assert hash_of(folder) != before


def test_the_hash_can_be_had_without_packing(folder: Path) -> None:
    put(folder, "a", "b/c")
    (folder / "link").symlink_to("b/c")
    assert hash_of(folder) == packed(folder).hash


def test_contents_that_only_meet_differently_have_another_hash(folder: Path) -> None:
    put(folder, "a", text="12")
    put(folder, "b", text="3")
    before = hash_of(folder)
    put(folder, "a", text="1")
    put(folder, "b", text="23")
    assert hash_of(folder) != before


def test_unpacking_gives_what_was_packed(folder: Path, tmp_path: Path) -> None:
    put(folder, "a/b", "é \n'x'")
    (folder / "a/b").chmod(0o755)
    (folder / "link").symlink_to("a/b")
    (folder / "empty").mkdir()
    made = packed(folder)
    target = tmp_path / "target"
    assert archive.unpack(made.path, target) == made.hash
    assert (os.access(target / "a/b", os.X_OK), str((target / "link").readlink())) == (True, "a/b")
    assert sorted(each.name for each in target.iterdir()) == sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize("target", ["/etc/passwd", "../x", "a/../../x"])
def test_a_link_that_leads_out_is_refused(folder: Path, target: str) -> None:
    (folder / "link").symlink_to(target)
    with pytest.raises(Failure, match="leads out of the source"):
        packed(folder)


def test_a_link_to_nowhere_within_is_a_link(folder: Path) -> None:
    (folder / "link").symlink_to("not-there")
    assert names(folder) == ["link"]


def test_a_link_in_a_circle_is_a_link(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a/again").symlink_to("..")
    assert names(folder) == ["a/again"]


def test_pipes_and_sockets_stay_out(folder: Path) -> None:
    put(folder, "main.py")
    os.mkfifo(folder / "pipe")
    assert names(folder) == ["main.py"]


def test_a_source_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(Failure, match="no such file"):
        packed(folder, source="src")


def test_large_files_are_named(folder: Path) -> None:
    with open(folder / "large.bin", "wb") as stream:
        stream.truncate(archive.LARGE + 1)
    assert packed(folder).large == ("large.bin",)


def bulky(folder: Path, name: str) -> None:
    with open(folder / name, "wb") as stream:
        stream.truncate(5_000_000_000)


@pytest.mark.parametrize("name", ["model.safetensors", "Train.CSV", "deep/data.tar.gz"])
def test_five_gigabytes_of_data_are_left_out_and_named(folder: Path, name: str) -> None:
    put(folder, "main.py")
    (folder / "deep").mkdir()
    bulky(folder, name)
    left_out: list[str] = []
    found = [item.path for item in listing(folder, spec.parse(document()), left_out) if item.path != "deep"]
    assert (found, left_out) == (["main.py"], [name])


def test_what_a_gitignore_brings_back_comes_along_however_large(folder: Path) -> None:
    put(folder, "main.py")
    put(folder, ".gitignore", text="!model.pt\n")
    bulky(folder, "model.pt")
    left_out: list[str] = []
    assert "model.pt" in [item.path for item in listing(folder, spec.parse(document()), left_out)]
    assert left_out == []


def test_a_large_file_of_no_such_kind_comes_along(folder: Path) -> None:
    bulky(folder, "main.py")
    assert [item.path for item in listing(folder, spec.parse(document()))] == ["main.py"]


@pytest.mark.parametrize(("words", "files"), [("model.pt /", ("model.pt",)), (". /", ("Dockerfile",))])
def test_what_a_dockerfile_names_itself_comes_along_however_large(
    folder: Path, words: str, files: tuple[str, ...]
) -> None:
    put(folder, "Dockerfile", text=f"FROM x\nCOPY {words}\n")
    bulky(folder, "model.pt")
    assert context.of(spec.parse(document(dockerfile="Dockerfile")), folder).files == files


def test_what_is_left_out_anyway_is_not_named(folder: Path) -> None:
    put(folder, "main.py")
    put(folder, ".dockerignore", text="*.pt\n")
    bulky(folder, "model.pt")
    left_out: list[str] = []
    listing(folder, spec.parse(document()), left_out)
    assert left_out == []


def test_an_archive_that_was_cut_off_is_refused(folder: Path, tmp_path: Path) -> None:
    put(folder, "main.py", text=os.urandom(50_000).hex())
    made = packed(folder)
    made.path.write_bytes(made.path.read_bytes()[:-2000])
    with pytest.raises(Failure, match="cannot be unpacked"):
        archive.unpack(made.path, tmp_path / "target")


def test_a_sent_archive_and_the_folder_itself_give_the_same_source(host: Host, tmp_path: Path) -> None:
    host.file("main.py", "print('x')")
    made = archive.pack(host.folder, spec.parse(host.document), tmp_path / "sent")
    sent = host.ask("source", "--archive", str(made.path))
    again = host.ask("source")
    assert (sent["changed"], again["changed"], sent["source"]) == (True, False, again["source"])


def test_a_changed_source_replaces_that_of_a_run_that_has_not_begun(host: Host) -> None:
    host.bring("print('old')")
    host.bring("print('new')")
    host.ask("start")
    host.ended()
    assert host.log == "new\n"


def test_a_run_that_has_begun_keeps_its_source(host: Host) -> None:
    host.end("print('old')")
    host.file("main.py", "print('new')")
    assert "another source" in host.refused("source")["message"]
    assert (host.run.app / "main.py").read_text() == "print('old')"


def test_a_spec_without_a_run_gets_a_new_one(host: Host) -> None:
    host.file("main.py")
    host.spec(run_id=None)
    first, second = host.ask("source")["run_id"], host.ask("source")["run_id"]
    assert first != second
    host.spec(run_id=RUN)


def test_a_virtual_environment_is_no_source_whatever_it_is_called(host: Host) -> None:
    host.file("env/pyvenv.cfg")
    host.file("env/bin/python", "not ours")
    host.bring("print('x')")
    assert not (host.run.app / "env").exists()


def test_checkpoints_at_home_are_what_a_new_deployment_begins_with(host: Host) -> None:
    host.file("checkpoints/step", "7")
    host.bring("print('x')")
    assert (host.home.checkpoints / "step").read_text() == "7"


def test_checkpoints_of_a_deployment_that_stands_are_its_own(host: Host) -> None:
    host.bring("print('x')")
    host.home.checkpoints.mkdir()
    host.file("checkpoints/step", "7")
    host.bring("print('y')")
    assert not (host.home.checkpoints / "step").exists()


def test_a_run_that_is_named_gets_it_whatever_the_spec_says(host: Host) -> None:
    host.file("main.py")
    other = "20260102-030405-0123"
    assert host.ask("source", "--run", other)["run_id"] == other


def test_a_source_that_was_cut_off_is_brought_anew(host: Host) -> None:
    host.bring("print('x')")
    host.run.version.unlink()
    (host.run.app / "main.py").write_text("half")
    host.bring("print('x')")
    assert (host.run.app / "main.py").read_text() == "print('x')"


def test_nothing_but_the_app_is_left_of_bringing_it(host: Host) -> None:
    host.bring("print('x')")
    left = sorted(each.name for each in host.run.folder.iterdir())
    assert left == ["app", "source.json", "spec.json", "version.json"]


def test_where_data_lies_is_part_of_the_run(host: Host) -> None:
    host.file("data/x", "1")
    host.spec(data=[{"name": None, "from": "data", "mode": "mount"}])
    host.bring("print(open('data/x').read())")
    host.ask("start")
    until(lambda: host.log == "1\n")


@pytest.mark.parametrize(("name", "ways"), [("a.txt", "name it in .gitignore"), ("main.py", "mend its permissions")])
def test_an_unreadable_main_py_is_not_advised_to_be_left_out(folder: Path, name: str, ways: str) -> None:
    put(folder, "main.py", "a.txt")
    said = unreadable(str(folder / name), PermissionError(13, "Permission denied")).hint
    assert said.endswith(ways) == (name == "main.py")
    assert ways in said
