"""A uv.lock as pinned lines, each with the markers under which its package is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from cynthus.errors import RequirementsUnreadable

if TYPE_CHECKING:
    from tests.images.folder import Folder

USUAL = 'source = { registry = "https://index.example/simple" }'
ROOT = """
version = 1
[[package]]
name = "mine"
version = "1"
source = { virtual = "." }
"""


def package(name: str, more: str = "", *, version: str = "1.0", source: str = USUAL) -> str:
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\n{source}\n{more}\n'


def needs(*entries: str) -> str:
    return f"dependencies = [{', '.join('{ ' + entry + ' }' for entry in entries)}]\n"


def lock(app: Folder, text: str, more: str = "") -> list[str]:
    app.write("pyproject.toml", f'[project]\nname = "Mine"\ndependencies = ["a"]\n{more}')
    app.write("uv.lock", text)
    return app.lines()


def test_everything_that_the_project_needs_is_pinned_and_it_is_not_itself_there(app: Folder) -> None:
    text = ROOT + needs('name = "a"') + package("a", needs('name = "b"')) + package("b") + package("unused")
    assert lock(app, text) == ["a==1.0", "b==1.0"]


def test_groups_and_extras_of_the_project_do_not_count(app: Folder) -> None:
    more = '[package.optional-dependencies]\nx = [{ name = "b" }]\n[package.dev-dependencies]\ndev = [{ name = "c" }]\n'
    assert lock(app, ROOT + needs('name = "a"') + more + package("a") + package("b") + package("c")) == ["a==1.0"]


def test_the_markers_on_the_way_to_a_package_are_its_own(app: Folder) -> None:
    text = (
        ROOT + needs('name = "a", marker = "sys_platform == \'linux\'"', 'name = "c"')
        + package("a", needs('name = "b", marker = "python_full_version < \'3.12\' or os_name == \'posix\'"'))
        + package("b") + package("c", needs('name = "d", marker = "os_name == \'nt\'"')) + package("d")
    )  # fmt: skip
    assert lock(app, text) == [
        "a==1.0 ; sys_platform == 'linux'",
        "b==1.0 ; (python_full_version < '3.12' or os_name == 'posix') and sys_platform == 'linux'",
        "c==1.0",
        "d==1.0 ; os_name == 'nt'",
    ]


def test_of_two_ways_to_a_package_one_is_enough(app: Folder) -> None:
    text = (
        ROOT + needs('name = "a", marker = "os_name == \'nt\'"', 'name = "b"', 'name = "c", marker = "x == \'1\'"')
        + package("a") + package("b", needs('name = "a", marker = "os_name == \'posix\'"', 'name = "c"')) + package("c")
    )  # fmt: skip
    assert lock(app, text) == ["a==1.0 ; (os_name == 'nt') or (os_name == 'posix')", "b==1.0", "c==1.0"]


def test_packages_that_need_each_other_end(app: Folder) -> None:
    text = ROOT + needs('name = "a"') + package("a", needs('name = "b"')) + package("b", needs('name = "a"'))
    assert lock(app, text) == ["a==1.0", "b==1.0"]


def test_two_versions_of_a_package_have_their_markers(app: Folder) -> None:
    old = f'name = "a", version = "1.0", {USUAL}, marker = "os_name == \'nt\'"'
    new = f'name = "a", version = "2.0", {USUAL}, marker = "os_name != \'nt\'"'
    text = ROOT + needs(old, new) + package("a") + package("a", version="2.0")
    assert lock(app, text) == ["a==1.0 ; os_name == 'nt'", "a==2.0 ; os_name != 'nt'"]


def test_an_extra_that_is_asked_for_brings_what_it_needs(app: Folder) -> None:
    extra = '[package.optional-dependencies]\nfast = [{ name = "b" }]\nslow = [{ name = "c" }]\n'
    text = ROOT + needs('name = "a", extra = ["fast"]') + package("a", extra) + package("b") + package("c")
    assert lock(app, text) == ["a==1.0", "b==1.0"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ('source = { git = "https://git.example/a?tag=v1#0123abc" }', "a @ git+https://git.example/a@0123abc"),
        (
            'source = { git = "https://git.example/a?subdirectory=py&rev=x#0123abc" }',
            "a @ git+https://git.example/a@0123abc#subdirectory=py",
        ),
        ('source = { url = "https://files.example/a.whl" }', "a @ https://files.example/a.whl"),
        ('source = { editable = "libs/a" }', "../../../libs/a"),
        ('source = { directory = "libs/a" }', "../../../libs/a"),
        ('source = { path = "a-1.0-py3-none-any.whl" }', "../../../a-1.0-py3-none-any.whl"),
    ],
)
def test_each_package_comes_from_where_the_lock_has_it_from(app: Folder, source: str, line: str) -> None:
    assert lock(app, ROOT + needs('name = "a"') + package("a", source=source)) == [line]


def test_an_index_that_the_project_names_is_named_without_its_password(app: Folder) -> None:
    source = 'source = { registry = "https://me:secret@own.example/simple/" }'
    text = ROOT + needs('name = "a"', 'name = "b"') + package("a", source=source) + package("b")
    index = '[[tool.uv.index]]\nname = "own"\nurl = "https://own.example/simple"\n'
    assert lock(app, text, index) == ["--extra-index-url https://own.example/simple/", "a==1.0", "b==1.0"]


def test_an_index_on_one_machine_is_told(app: Folder) -> None:
    lock(app, ROOT + needs('name = "a"') + package("a", source='source = { registry = "/home/me/index" }'))
    found = app.found()
    assert found is not None
    assert (found.lines, "a is left out" in found.warnings[0]) == ((), True)


def test_all_lines_with_markers_are_requirements_as_pip_reads_them(app: Folder) -> None:
    marks = ["os_name == 'nt' or os_name == 'posix'", "python_version >= '3.10' and (os_name == 'x' or os_name == 'y')"]
    text = ROOT + needs(*(f'name = "a{at}", marker = "{mark}"' for at, mark in enumerate(marks)))
    text += "".join(package(f"a{at}", needs('name = "z"')) for at in range(len(marks))) + package("z")
    assert [Requirement(line).name for line in lock(app, text)] == ["a0", "a1", "z"]


def test_ever_more_ways_to_a_package_do_not_take_ever_longer(app: Folder) -> None:
    layers = 12
    text = ROOT + needs('name = "n0"')
    for layer in range(layers):
        ways = [f"name = \"n{layer + 1}\", marker = \"os_name == '{layer}{side}'\"" for side in "ab"]
        text += package(f"n{layer}", needs(*ways))
    assert "n6==1.0" in lock(app, text + package(f"n{layers}"))


def test_the_lock_of_a_workspace_without_a_project_says_nothing(app: Folder) -> None:
    app.write("pyproject.toml", "[tool.uv.workspace]\nmembers = ['a']\n")
    app.write("uv.lock", "version = 1\n")
    assert app.found() is None


@pytest.mark.parametrize("text", ["version = 1\n", "[[package]\n", ROOT.replace("mine", "other"), "package = 3\n"])
def test_a_lock_that_does_not_hold_the_project_is_told(app: Folder, text: str) -> None:
    with pytest.raises(RequirementsUnreadable):
        lock(app, text)
