"""What prepared data is known by: all that decides what comes out of preparing, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import prepared, spec, strays
from cynthus.agent.closure import closure
from cynthus.agent.failure import Failure
from cynthus.agent.home import Home
from cynthus.agent.version import Mount, Version
from tests.agent.host import document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cynthus.agent.home import RunFolder

PREP = "import tools.adds\n"


class App:
    """A run with its source and its data, as they lie on a host."""

    def __init__(self, root: Path) -> None:
        self.data = root / "numbers"
        self.run: RunFolder = Home(root / "home", "weather-abcdef").run("20260102-030405-abcd")
        self.spec = spec.parse(document(
            preprocess={"command": ["python", "prep.py"], "files": ["sizes.yaml"]},
            data=[{"name": None, "from": "numbers", "mode": "mount"}],
        ))
        self.ready = Version("e" * 16, "s" * 64, None, (Mount("", str(self.data)),))
        files = {"prep.py": PREP, "main.py": "", "beside.py": "", "tools/__init__.py": "", "tools/adds.py": "A = 1\n",
                 "sizes.yaml": "a: 1\n", "README.md": ""}  # fmt: skip
        self.data.mkdir()
        self.file("rows.txt", "1 2 3", self.data)
        for path, text in files.items():
            self.file(path, text)

    def file(self, path: str, text: str, folder: Path | None = None) -> None:
        file = (folder or self.run.app) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def id(self) -> str:
        strays.note(self.run.app, self.run.listing)
        return prepared.identify(self.spec, self.run, self.ready)

    def closure(self) -> tuple[str, ...]:
        return closure(self.run.app, ("python", "prep.py"), ["main.py", "beside.py", "prep.py", "README.md"])


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(tmp_path)


def _words(app: App) -> None:
    app.spec = app.spec._replace(preprocess=("python", "prep.py", "--size", "3"))


def _variable(app: App) -> None:
    app.spec = app.spec._replace(env={"SIZE": "3"})


def _environment(app: App) -> None:
    app.ready = app.ready._replace(environment="f" * 16)


def _renamed(app: App) -> None:
    os.replace(app.data / "rows.txt", app.data / "lines.txt")


def _place(app: App) -> None:
    app.ready = app.ready._replace(data=(Mount("below", str(app.data)),))


@pytest.mark.parametrize(
    "change",
    [
        lambda app: app.file("prep.py", f"{PREP}# more\n"), lambda app: app.file("tools/adds.py", "A = 2\n"),
        lambda app: app.file("tools/__init__.py", "B = 1\n"), lambda app: app.file("sizes.yaml", "a: 2\n"),
        lambda app: app.file("rows.txt", "4 5", app.data), lambda app: app.file("more.txt", "4", app.data),
        lambda app: os.utime(app.data / "rows.txt", (1, 1)), _words, _variable, _environment, _renamed, _place,
    ],
    ids=["script", "module", "package", "named file", "data", "more data", "time", "words", "variable", "environment",
         "name", "place"],
)  # fmt: skip
def test_what_decides_makes_it_another_one(app: App, change: Callable[[App], None]) -> None:
    before = app.id()
    change(app)
    assert app.id() != before


@pytest.mark.parametrize("path", ["main.py", "beside.py", "README.md"])
def test_what_is_not_used_leaves_it_what_it_is(app: App, path: str) -> None:
    before = app.id()
    app.file(path, "another\n")
    assert app.id() == before


def test_a_named_folder_counts_with_all_that_is_in_it(app: App) -> None:
    app.spec = app.spec._replace(preprocess_files=("conf",))
    app.file("conf/deep/a.yaml", "a: 1\n")
    before = app.id()
    app.file("conf/deep/a.yaml", "a: 2\n")
    assert app.id() != before


def test_a_named_file_that_is_not_in_the_source_is_refused(app: App) -> None:
    app.spec = app.spec._replace(preprocess_files=("gone.yaml",))
    with pytest.raises(Failure, match=r"the source has no 'gone\.yaml'"):
        app.id()


@pytest.mark.parametrize(
    ("text", "also"),
    [
        ("import tools.adds", ["tools/__init__.py", "tools/adds.py"]),
        ("from tools import adds", ["tools/__init__.py", "tools/adds.py"]),
        ("def f():\n    import beside", ["beside.py"]),
        ("import os, json, numpy", []),
        ("import tools", ["tools/__init__.py"]),
    ],
)
def test_modules_of_the_source_are_followed(app: App, text: str, also: list[str]) -> None:
    app.file("prep.py", text)
    assert app.closure() == tuple(sorted(["prep.py", *also]))


def test_modules_are_followed_through_each_other_and_round_in_circles(app: App) -> None:
    app.file("tools/adds.py", "from . import subtracts\n")
    app.file("tools/subtracts.py", "from .adds import A\nfrom .. import beside\nimport prep\n")
    assert app.closure() == ("beside.py", "prep.py", "tools/__init__.py", "tools/adds.py", "tools/subtracts.py")


@pytest.mark.parametrize(
    "text",
    ["import importlib; importlib.import_module('be' + 'side')", "exec('import beside')", "a b", "\0",
     "import sys; sys.path.append('lib')"],
)  # fmt: skip
def test_where_reading_does_not_tell_all_modules_count(app: App, text: str) -> None:
    app.file("prep.py", text)
    assert app.closure() == ("beside.py", "main.py", "prep.py")


def test_a_module_that_is_run_by_name_is_found(app: App) -> None:
    assert closure(app.run.app, ("python", "-m", "tools.adds"), ["main.py"]) == ("tools/__init__.py", "tools/adds.py")


def test_a_folder_that_is_named_counts_whole(app: App) -> None:
    source = ["conf/a.yaml", "config.yaml", "main.py", "prep.py"]
    assert closure(app.run.app, ("python", "main.py", "conf/"), source) == ("conf/a.yaml", "main.py")


@pytest.mark.parametrize(
    "command",
    [
        "make data", "make -f Makefile data", "bash prep.sh", "./prep.sh", "python -c pass sizes.yaml",
        "python - prep.py", "python prep.py .", "python prep.py --root=./", "torchrun prep.py",
        "python -m gone prep.py", "python -m json prep.py", "env -S python prep.py", "python --unknown prep.py",
        "python tools", "python", "env",
    ],
)  # fmt: skip
def test_of_a_command_that_is_no_python_of_the_source_all_files_count(app: App, command: str) -> None:
    for file in ("Makefile", "prep.sh"):
        app.file(file, "import tools.adds\n")
    source = ["README.md", "main.py", "prep.py", "prep.sh"]
    assert closure(app.run.app, command.split(), source) == tuple(source)


@pytest.mark.parametrize(
    "command",
    [
        "python prep.py", "python3.12 -u prep.py", "python -X dev -Wignore prep.py", "./prep.py",
        "env SIZE=3 PYTHONPATH=. python prep.py", "/usr/bin/python3 -Bm prep", "python -mprep",
        "/usr/bin/env python -m prep", "python /app/prep.py",
    ],
)  # fmt: skip
def test_a_python_file_or_module_of_the_source_is_followed_however_it_is_run(app: App, command: str) -> None:
    found = closure(app.run.app, command.split(), ["main.py", "prep.py"], "/app")
    assert found == ("prep.py", "tools/__init__.py", "tools/adds.py")


def test_the_main_of_a_package_is_followed(app: App) -> None:
    app.file("tools/__main__.py", "import beside\n")
    found = closure(app.run.app, ("python", "-m", "tools"), ["main.py"])
    assert found == ("beside.py", "tools/__init__.py", "tools/__main__.py")


@pytest.mark.parametrize("word", ["sizes.yaml", "--config=sizes.yaml", "a=b=sizes.yaml", "tools/../sizes.yaml", "link"])
def test_a_file_that_a_word_names_counts(app: App, word: str) -> None:
    app.file("prep.py", "")
    (app.run.app / "link").symlink_to("sizes.yaml")
    assert closure(app.run.app, ("python", "prep.py", word), ["main.py"]) == ("prep.py", "sizes.yaml")


@pytest.mark.parametrize("word", ["", "-", "--sep=", "/etc/passwd", "../home", "a\0b", "n" * 300, "data/rows.txt"])
def test_a_word_that_names_nothing_of_the_source_changes_nothing(app: App, word: str) -> None:
    app.file("prep.py", "")
    (app.run.app / "data").symlink_to(app.data)
    assert closure(app.run.app, ("python", "prep.py", word), ["main.py"]) == ("prep.py",)


def test_what_is_named_counts_where_reading_does_not_tell_too(app: App) -> None:
    app.file("prep.py", "exec('')")
    source = ["conf/a.yaml", "main.py", "sizes.yaml", "x.md"]
    found = closure(app.run.app, ("python", "prep.py", "conf", "sizes.yaml"), source)
    assert found == ("conf/a.yaml", "main.py", "prep.py", "sizes.yaml")


@pytest.mark.parametrize("path", ["src", "lib:./src/", "/app/src", "/usr/lib::/app/lib/../src"])
def test_modules_are_looked_for_in_pythonpath_too(app: App, path: str) -> None:
    app.file("prep.py", "import mylib\n")
    app.file("src/mylib.py", "import beside\n")
    found = closure(app.run.app, ("python", "prep.py"), ["main.py"], "/app", path)
    assert found == ("beside.py", "prep.py", "src/mylib.py")


def test_the_variable_of_cynthus_yaml_is_that_path(app: App) -> None:
    app.spec = app.spec._replace(env={"PYTHONPATH": "src"})
    app.file("prep.py", "import mylib\n")
    app.file("src/mylib.py", "A = 1\n")
    before = app.id()
    app.file("src/mylib.py", "A = 2\n")
    assert app.id() != before


def test_a_container_finds_it_where_it_has_the_folder(app: App) -> None:
    app.spec = app.spec._replace(env={"PYTHONPATH": "/app/src"}, runtime="container")
    app.file("prep.py", "import mylib\n")
    app.file("src/mylib.py", "A = 1\n")
    before = app.id()
    app.file("src/mylib.py", "A = 2\n")
    assert app.id() != before


@pytest.mark.parametrize("command", ["env PYTHONPATH=src python prep.py", "env PYTHONPATH=src: python -m run"])
def test_the_command_may_set_it_itself(app: App, command: str) -> None:
    app.file("prep.py", "import mylib\n")
    app.file("src/run.py", "import mylib\n")
    app.file("src/mylib.py", "")
    assert "src/mylib.py" in closure(app.run.app, command.split(), ["main.py"])


def test_what_python_imports_by_itself_from_there_counts(app: App) -> None:
    app.file("prep.py", "")
    app.file("src/sitecustomize.py", "import beside\n")
    found = closure(app.run.app, ("python", "prep.py"), ["main.py"], path="src")
    assert found == ("beside.py", "prep.py", "src/sitecustomize.py")


def test_an_archive_of_modules_counts_where_it_is_named_there(app: App) -> None:
    app.file("prep.py", "")
    app.file("lib.zip", "")
    assert closure(app.run.app, ("python", "prep.py"), ["main.py"], path="lib.zip") == ("lib.zip", "prep.py")
