"""All that is wrong with what a folder asks for is told at once, each thing at its place in cynthus.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.errors import DataUnreadable, MissingProgram, SecretMissing, SpecError, UsageError
from cynthus.operations.app import load_app

if TYPE_CHECKING:
    from tests.operations.workshop import Workshop


def told(workshop: Workshop, spec: str, *, main: bool = True) -> list[tuple[int, int, str]]:
    """Line, column and code of each problem."""
    folder = workshop.folder(spec=spec)
    if not main:
        (folder / "main.py").unlink()
    with pytest.raises(SpecError) as caught:
        load_app(workshop.tools, str(folder))
    return [(each.line, each.column, each.code) for each in caught.value.problems]


def test_everything_that_the_file_names_and_that_is_not_there_is_told_at_once(workshop: Workshop) -> None:
    spec = "source: nope\nrequirements: r.txt\nsecrets: [NOPE]\ndata: [nowhere]\n"
    assert told(workshop, spec) == [
        (1, 9, "CYN-120"), (2, 15, "CYN-129"), (3, 11, "CYN-134"), (4, 8, "CYN-131"),
    ]  # fmt: skip


def test_the_line_is_shown_with_it(workshop: Workshop) -> None:
    folder = workshop.folder(spec="data: [nowhere]\n")
    with pytest.raises(SpecError) as caught:
        load_app(workshop.tools, str(folder))
    (problem,) = caught.value.problems
    assert (problem.file, problem.source) == (str(folder / "cynthus.yaml"), "data: [nowhere]")


def test_a_broken_value_hides_nothing_that_another_names(workshop: Workshop) -> None:
    assert told(workshop, "nme: x\ndata: [nowhere]\n") == [(1, 1, "CYN-115"), (2, 8, "CYN-131")]


def test_an_address_that_cannot_be_fetched_does_not_hide_the_missing_path_beside_it(workshop: Workshop) -> None:
    spec = "data:\n  - {from: s3://b/x, as: x}\n  - {from: nowhere, as: y}\n"
    assert told(workshop, spec) == [(2, 12, "CYN-133"), (3, 12, "CYN-131")]


def test_entries_without_a_name_are_looked_for_too(workshop: Workshop) -> None:
    assert told(workshop, "data:\n  - {from: nowhere}\n  - main.py\n") == [
        (2, 5, "CYN-128"), (2, 12, "CYN-131"), (3, 5, "CYN-128"),
    ]  # fmt: skip


@pytest.mark.parametrize("named", ["prep.py", "{run: [sh, -c, x], files: [prep.py]}"])
def test_what_preprocess_names_and_that_is_not_there_is_told(workshop: Workshop, named: str) -> None:
    assert told(workshop, f"preprocess: {named}\n") == [(1, 13, "CYN-120")]


def test_each_missing_secret_is_told(workshop: Workshop) -> None:
    assert told(workshop, "secrets:\n  - ONE_NOPE\n  - TWO_NOPE\n") == [(2, 5, "CYN-134"), (3, 5, "CYN-134")]


def test_a_command_that_names_a_missing_file_is_told_at_that_word(workshop: Workshop) -> None:
    assert told(workshop, "run: [python, train.py]\n") == [(1, 15, "CYN-120")]


def test_a_source_that_lacks_the_usual_program_is_told_at_the_source(workshop: Workshop) -> None:
    folder = workshop.folder(spec="source: code\n")
    (folder / "code").mkdir()
    with pytest.raises(SpecError, match="1 problem") as caught:
        load_app(workshop.tools, str(folder))
    assert caught.value.problems[0].place.endswith("cynthus.yaml:1:9: ")


def test_a_broken_source_is_no_missing_program(workshop: Workshop) -> None:
    assert told(workshop, "source: [a]\n", main=False) == [(1, 9, "CYN-116")]


def test_what_the_file_does_not_say_is_told_without_a_place(workshop: Workshop) -> None:
    assert told(workshop, "secrets: [NOPE]\n", main=False) == [(0, 0, "CYN-120"), (1, 11, "CYN-134")]


def test_a_default_that_is_not_there_is_an_error_of_its_own(workshop: Workshop) -> None:
    folder = workshop.folder()
    (folder / "main.py").unlink()
    with pytest.raises(MissingProgram):
        load_app(workshop.tools, str(folder))


def test_several_defaults_that_are_wrong_are_told_at_once(workshop: Workshop) -> None:
    folder = workshop.folder()
    (folder / "main.py").unlink()
    (folder / "data").symlink_to("data")
    with pytest.raises(MissingProgram) as caught:
        load_app(workshop.tools, str(folder))
    assert caught.value.details[0].startswith(f"also [{DataUnreadable.code}]: ")


def test_secrets_keep_their_values(workshop: Workshop) -> None:
    app = load_app(workshop.tools, str(workshop.folder(spec="secrets: [HOME, PATH]\n")))
    assert sorted(app.secrets) == ["HOME", "PATH"]


@pytest.mark.parametrize("kind", [MissingProgram, SecretMissing, SpecError])
def test_what_is_wrong_with_a_folder_is_wrong_usage(kind: type[UsageError]) -> None:
    assert kind.exit_code == 2


def test_an_engine_whose_package_no_requirement_names_is_told_at_its_place(workshop: Workshop) -> None:
    assert told(workshop, "name: a\nengine: ray\n") == [(2, 9, "CYN-139")]


def test_an_engine_is_no_second_problem_of_requirements_that_are_not_there(workshop: Workshop) -> None:
    assert told(workshop, "engine: ray\nrequirements: r.txt\n") == [(2, 15, "CYN-129")]


def test_requirements_that_name_the_engines_package_are_enough(workshop: Workshop) -> None:
    folder = workshop.folder(spec="engine: ray\n")
    (folder / "requirements.txt").write_text("-r more.txt\n")
    (folder / "more.txt").write_text("ray[default]>=2.52\n")
    assert load_app(workshop.tools, str(folder)).spec.engine == "ray"


def test_an_app_for_a_cloud_can_be_tried_where_no_machine_is_made(workshop: Workshop) -> None:
    folder = workshop.folder(spec="target: gcp\nresources: {region: us-central1, zone: us-central1-a, spot: true}\n")
    resources = load_app(workshop.tools, str(folder), target="local").spec.resources
    assert (resources.region, resources.zone, resources.spot) == (None, None, False)


@pytest.mark.parametrize("wish", ["flex_start: true", "zone: us-central1-a, reservation: lab"])
def test_how_its_machine_would_be_bought_is_no_matter_there(workshop: Workshop, wish: str) -> None:
    folder = workshop.folder(spec=f"target: gcp\nresources: {{{wish}}}\nlimits: {{max_cost: 10, max_duration: 4h}}\n")
    spec = load_app(workshop.tools, str(folder), target="local").spec
    assert (spec.resources.flex_start, spec.resources.reservation, spec.limits.max_cost) == (False, None, None)
    assert str(spec.limits.max_duration) == "4h"
