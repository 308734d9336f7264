"""A pyproject.toml as lines that pip and uv read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.errors import RequirementsUnreadable
from cynthus.images.poetry import constraint

if TYPE_CHECKING:
    from tests.images.folder import Folder

PROJECT = '[project]\nname = "mine"\nversion = "1"\n'


def test_the_dependencies_of_a_project_are_taken_as_they_are(app: Folder) -> None:
    app.write("pyproject.toml", f"{PROJECT}dependencies = [\"numpy>=2\", 'tomli; python_version < \"3.11\"']\n")
    assert app.lines() == ["numpy>=2", 'tomli; python_version < "3.11"']


def test_extras_and_groups_are_not_needed_to_run(app: Folder) -> None:
    more = '[project.optional-dependencies]\ndev = ["pytest"]\n[dependency-groups]\ntest = ["pytest"]\n'
    app.write("pyproject.toml", f'{PROJECT}dependencies = ["numpy"]\n{more}')
    assert app.lines() == ["numpy"]


def test_the_project_itself_is_not_installed_but_an_extra_of_it_that_it_names(app: Folder) -> None:
    more = '[project.optional-dependencies]\ngpu = ["cupy"]\nother = ["x"]\n'
    app.write("pyproject.toml", f'{PROJECT}dependencies = ["numpy", "Mine[gpu]"]\n{more}')
    assert app.lines() == ["numpy", "cupy"]


def test_a_project_that_needs_nothing_says_so(app: Folder) -> None:
    app.write("pyproject.toml", f"{PROJECT}dependencies = []\n")
    assert app.lines() == []


@pytest.mark.parametrize("text", ["", "[tool.ruff]\nline-length = 100\n", PROJECT])
def test_a_file_without_dependencies_decides_nothing(app: Folder, text: str) -> None:
    app.write("pyproject.toml", text)
    assert app.found() is None


def test_dependencies_that_a_build_finds_are_told(app: Folder) -> None:
    app.write("pyproject.toml", f'{PROJECT}dynamic = ["dependencies"]\n')
    found = app.found()
    assert found is not None
    assert (found.origin, "to a build" in found.warnings[0]) == ("", True)


def test_the_sources_that_uv_takes_packages_from_count(app: Folder) -> None:
    names = '["a", "b[x]>=1", "c", "d>=2", "e", "f; sys_platform == \'linux\'"]'
    sources = """
        [tool.uv.sources]
        a = { git = "https://git.example/a", tag = "v1", subdirectory = "py" }
        B = { url = "https://files.example/b-1.whl" }
        c = { path = "libs/c", editable = true }
        d = { index = "theirs" }
        e = { workspace = true }
        f = [{ git = "https://git.example/f", marker = "python_version >= '3.10'" }]
        [[tool.uv.index]]
        name = "theirs"
        url = "https://me:password@index.example/simple"
    """
    app.write("pyproject.toml", f"{PROJECT}dependencies = {names}\n{sources}")
    found = app.found()
    assert found is not None
    assert list(found.lines) == [
        "--extra-index-url https://index.example/simple",
        "a @ git+https://git.example/a@v1#subdirectory=py",
        "b[x] @ https://files.example/b-1.whl",
        "../../../libs/c",
        "d>=2",
        "e",
        'f @ git+https://git.example/f ; (sys_platform == "linux") and (python_version >= \'3.10\')',
    ]
    assert "workspace" in found.warnings[0]


def test_what_poetry_needs_is_written_in_the_usual_way(app: Folder) -> None:
    app.write("pyproject.toml", """
        [tool.poetry.dependencies]
        python = "^3.10"
        numpy = "^1.26"
        pandas = { version = "~2.1", extras = ["excel"], python = ">=3.10,<3.13" }
        mine = { path = "../mine" }
        theirs = { git = "https://git.example/theirs", rev = "abc" }
        dev = { version = "*", optional = true }
        scipy = [{ version = "1.10", python = "<3.9" }, { version = "*", markers = "sys_platform == 'linux'" }]
    """)
    assert app.lines() == [
        "numpy>=1.26,<2",
        'pandas[excel]>=2.1,<2.2 ; python_full_version >= "3.10" and python_full_version < "3.13"',
        "../../../../mine",
        "theirs @ git+https://git.example/theirs@abc",
        'scipy==1.10 ; python_full_version < "3.9"',
        "scipy ; sys_platform == 'linux'",
    ]


@pytest.mark.parametrize(
    ("poetry", "pypi"),
    [
        ("^1.2.3", ">=1.2.3,<2"), ("^0.2.3", ">=0.2.3,<0.3"), ("^0.0.3", ">=0.0.3,<0.0.4"), ("^0", ">=0,<1"),
        ("^0.0", ">=0.0,<0.1"), ("~1.2.3", ">=1.2.3,<1.3"), ("~1", ">=1,<2"), ("~=1.2", "~=1.2"), ("*", ""),
        ("1.2.*", "==1.2.*"), ("1.2", "==1.2"), (">=1, <2", ">=1,<2"), (">=1 <2", ">=1,<2"), ("!=1.5", "!=1.5"),
    ],
)  # fmt: skip
def test_poetrys_versions(poetry: str, pypi: str) -> None:
    assert constraint(poetry) == pypi


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[project\n", "it is no TOML"),
        (f'{PROJECT}dependencies = ["not a requirement"]\n', "'not a requirement' is no requirement"),
        ('[tool.poetry.dependencies]\nx = "1 || 2"\n', "'1 || 2' offers a choice"),
        ('[tool.poetry.dependencies]\nx = { path = "/home/me/x" }\n', "lies outside"),
    ],
)
def test_a_file_that_is_wrong_is_told_and_nothing_else_is_tried(app: Folder, text: str, told: str) -> None:
    app.write("pyproject.toml", text)
    with pytest.raises(RequirementsUnreadable, match=told):
        app.found()


def test_a_file_that_is_no_text_is_told(app: Folder) -> None:
    app.write("pyproject.toml", b"\xff\xfe")
    with pytest.raises(RequirementsUnreadable, match="UTF-8"):
        app.found()
