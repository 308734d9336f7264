"""What an app needs is found or inferred, written where the user can edit it, and told."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.errors import PythonMissing, RenderConflict, RequirementsUnreadable, SpecError
from cynthus.operations.app import load_app
from cynthus.operations.plan import plan
from cynthus.operations.render import check, render
from cynthus.operations.up import Request
from cynthus.testing.play import DirectPlay
from tests.agent.wheels import wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operations.workshop import Workshop

LISTED = "infra/local/compute/requirements.txt"
VENV = "runtime: venv\n"


def rendered(workshop: Workshop, folder: Path) -> str | None:
    """The list of requirements that is written for the folder."""
    render(workshop.tools, Request(str(folder), yes=True))
    run = json.loads((folder / "infra/local/compute/run.json").read_text())
    assert run["requirements"] in (LISTED, "requirements.txt", None)
    return (folder / LISTED).read_text() if run["requirements"] == LISTED else run["requirements"]


def test_what_the_program_imports_is_written_for_the_user_to_keep(workshop: Workshop) -> None:
    folder = workshop.folder(main="import numpy, yaml\n")
    assert rendered(workshop, folder) == (
        "# Written by Cynthus from the imports: the requirements of this app, for pip and uv.\n"
        "# Edit it: your lines stay when it is written again. Moved to ./requirements.txt it is yours alone.\n"
        "numpy\n"
        "pyyaml  # imported as yaml\n"
    )


def test_it_is_told_in_one_line(workshop: Workshop) -> None:
    rendered(workshop, workshop.folder(main="import numpy, yaml\n"))
    assert f"requirements: numpy, pyyaml (from the imports) -> {LISTED}" in workshop.progress.notes


def test_plan_tells_it_too(workshop: Workshop) -> None:
    plan(workshop.tools, Request(str(workshop.folder(main="import numpy\n")), yes=True))
    assert f"requirements: numpy (from the imports) -> {LISTED}" in workshop.progress.notes


def test_a_long_list_is_told_in_one_line_all_the_same(workshop: Workshop) -> None:
    main = "".join(f"import package{at}\n" for at in range(10, 30))
    rendered(workshop, workshop.folder(main=main))
    assert any("package17 and 12 more (from" in note for note in workshop.progress.notes)


def test_where_nothing_is_missing_nothing_is_written_or_told(workshop: Workshop) -> None:
    folder = workshop.folder(main="import os\n")
    assert rendered(workshop, folder) is None
    assert not (folder / LISTED).exists()
    assert not [note for note in workshop.progress.notes if "requirements" in note]


def test_a_requirements_txt_counts_alone(workshop: Workshop) -> None:
    folder = workshop.folder(main="import numpy\n")
    (folder / "requirements.txt").write_text("scipy\n")
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["pandas"]\n')
    assert rendered(workshop, folder) == "requirements.txt"


def test_none_stays_none(workshop: Workshop) -> None:
    assert rendered(workshop, workshop.folder(main="import numpy\n", spec="requirements: none\n")) is None


@pytest.mark.parametrize(
    ("files", "line", "origin"),
    [
        ({"pyproject.toml": '[project]\nname = "x"\ndependencies = ["pandas"]\n'}, "pandas", "pyproject.toml"),
        ({"environment.yml": "dependencies: [scipy]\n"}, "scipy", "environment.yml"),
        (
            {"pyproject.toml": '[tool.poetry.dependencies]\nflask = "*"\n', "environment.yml": "dependencies: [x]\n"},
            "flask", "pyproject.toml (Poetry)",
        ),
        (
            {
                "pyproject.toml": '[project]\nname = "x"\ndependencies = ["a"]\n',
                "uv.lock": '[[package]]\nname = "x"\nsource = { virtual = "." }\ndependencies = [{ name = "a" }]\n'
                '[[package]]\nname = "a"\nversion = "3"\n',
            },
            "a==3", "uv.lock",
        ),
        ({"pyproject.toml": "[tool.ruff]\n", "environment.yaml": "dependencies: [x]\n"}, "x", "environment.yaml"),
        ({"pyproject.toml": "[tool.ruff]\n"}, "numpy", "the imports"),
    ],
)  # fmt: skip
def test_the_first_file_that_lists_any_decides(
    workshop: Workshop, files: dict[str, str], line: str, origin: str
) -> None:
    folder = workshop.folder(main="import numpy\n")
    for name, text in files.items():
        (folder / name).write_text(text)
    assert str(rendered(workshop, folder)).splitlines()[-1] == line
    assert any(f"(from {origin})" in note for note in workshop.progress.notes)


def test_a_file_of_that_kind_can_be_named(workshop: Workshop) -> None:
    folder = workshop.folder(main="import numpy\n", spec="requirements: deps/environment.yml\n")
    (folder / "deps").mkdir()
    (folder / "deps/environment.yml").write_text("dependencies: [scipy, {pip: [./x]}]\n")
    assert str(rendered(workshop, folder)).splitlines()[-2:] == ["scipy", "../../../deps/x"]


def test_a_lock_that_pip_reads_is_left_to_pip(workshop: Workshop) -> None:
    folder = workshop.folder(spec="requirements: requirements.lock\n")
    (folder / "requirements.lock").write_text("scipy==1.0\n")
    assert load_app(workshop.tools, str(folder)).needs.requirements == "requirements.lock"


def test_a_broken_file_is_told_before_anything_is_written(workshop: Workshop) -> None:
    folder = workshop.folder()
    (folder / "pyproject.toml").write_text("[project\n")
    with pytest.raises(RequirementsUnreadable):
        rendered(workshop, folder)
    assert not (folder / "infra").exists()


def test_a_broken_file_that_decides_nothing_is_a_warning(workshop: Workshop) -> None:
    folder = workshop.folder()
    (folder / "requirements.txt").write_text("scipy\n")
    (folder / "pyproject.toml").write_text("[project\n")
    assert rendered(workshop, folder) == "requirements.txt"
    assert "it is no TOML" in workshop.progress.warnings[0]


def test_an_edit_survives_what_the_program_imports_next(workshop: Workshop) -> None:
    folder = workshop.folder(main="import numpy\n")
    rendered(workshop, folder)
    (folder / LISTED).write_text((folder / LISTED).read_text().replace("numpy\n", "numpy==1.26\n"))
    (folder / "main.py").write_text("import numpy, scipy, attr\n")
    assert str(rendered(workshop, folder)).splitlines()[2:] == ["attrs  # imported as attr", "numpy==1.26", "scipy"]
    assert "with your edits" in workshop.progress.notes[-1]


def test_what_the_user_took_out_stays_out(workshop: Workshop) -> None:
    folder = workshop.folder(main="import numpy, scipy\n")
    rendered(workshop, folder)
    (folder / LISTED).write_text("numpy\n")
    assert rendered(workshop, folder) == "numpy\n"


def test_an_edit_that_contradicts_a_new_pin_is_a_conflict(workshop: Workshop) -> None:
    folder = workshop.folder()
    (folder / "environment.yml").write_text("dependencies: [numpy=1.25]\n")
    rendered(workshop, folder)
    (folder / LISTED).write_text("numpy==1.24\n")
    (folder / "environment.yml").write_text("dependencies: [numpy=1.26]\n")
    with pytest.raises(RenderConflict):
        rendered(workshop, folder)


def test_a_list_that_was_deleted_comes_back(workshop: Workshop) -> None:
    folder = workshop.folder(main="import numpy\n")
    before = rendered(workshop, folder)
    (folder / LISTED).unlink()
    assert rendered(workshop, folder) == before


def test_it_goes_where_the_user_makes_a_list_of_their_own(workshop: Workshop) -> None:
    folder = workshop.folder(main="import numpy\n")
    rendered(workshop, folder)
    shutil.move(folder / LISTED, folder / "requirements.txt")
    assert rendered(workshop, folder) == "requirements.txt"
    assert not (folder / LISTED).exists()


def test_the_same_folder_gives_the_same_bytes(workshop: Workshop) -> None:
    folder = workshop.folder(main="import numpy, yaml\n")
    rendered(workshop, folder)
    assert not check(workshop.tools, Request(str(folder))).stale


def test_an_engine_is_named_by_an_import(workshop: Workshop) -> None:
    folder = workshop.folder(main="import ray\n", spec="engine: ray\n")
    assert load_app(workshop.tools, str(folder)).needs.packages == ("ray",)


def test_an_engine_that_nothing_names_is_missing(workshop: Workshop) -> None:
    folder = workshop.folder(main="import numpy\n", spec="engine: ray\n")
    with pytest.raises(SpecError, match="1 problem"):
        load_app(workshop.tools, str(folder))


def test_an_engine_that_the_user_adds_to_the_list_counts(workshop: Workshop) -> None:
    folder = workshop.folder(main="import numpy\n")
    rendered(workshop, folder)
    (folder / LISTED).write_text("numpy\nray\n")
    (folder / "cynthus.yaml").write_text("engine: ray\n")
    assert load_app(workshop.tools, str(folder)).spec.engine == "ray"


def test_the_python_that_a_project_asks_for_is_that_of_the_run(workshop: Workshop) -> None:
    folder = workshop.folder(spec=VENV)
    (folder / ".python-version").write_text("3.11\n")
    assert load_app(workshop.tools, str(folder)).spec.image.python == "3.11"


def test_what_cynthus_yaml_says_of_python_counts_and_a_contradiction_is_told(workshop: Workshop) -> None:
    folder = workshop.folder(spec='image: {python: "3.11"}\n')
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\nrequires-python = ">=3.12"\n')
    app = load_app(workshop.tools, str(folder))
    assert (app.spec.image.python, len(app.needs.warnings)) == ("3.11", 1)


def test_a_python_that_is_not_there_is_told_with_who_asks_for_it(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = workshop.folder(spec=VENV)
    (folder / ".python-version").write_text("3.2\n")
    monkeypatch.setitem(workshop.tools.settings.environment, "PATH", "/nowhere")
    with pytest.raises(PythonMissing, match=r"Python 3\.2.*\.python-version says so"):
        rendered(workshop, folder)


def test_an_environment_is_made_anew_for_a_changed_list_alone(workshop: Workshop) -> None:
    wheels = workshop.place / "wheels"
    for name in ("tinyone", "tinytwo"):
        wheel(wheels, name)
    installer = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    ansible = DirectPlay({**workshop.tools.settings.environment, **installer})
    workshop.tools = replace(workshop.tools, ansible=ansible)
    folder = workshop.folder(main="import tinyone\n", spec=VENV)
    hashes = []
    for main in ("import tinyone\n", "import tinyone\nprint(1)\n", "import tinyone, tinytwo\n"):
        (folder / "main.py").write_text(main)
        outcome = workshop.up(folder)
        run = workshop.ended(outcome)
        assert run.state.value == "SUCCEEDED"
        assert run.version is not None
        hashes.append(run.version.environment)
    assert hashes[0] == hashes[1] != hashes[2]
