"""What a run document says of an image in a registry: the same on every machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from cynthus.agent.interpreter import own_version
from cynthus.core.placement import Placement
from cynthus.operations.app import App, load_app
from cynthus.operations.identity import look_up
from cynthus.operations.image_registry import same_everywhere

if TYPE_CHECKING:
    from tests.operations.workshop import Workshop

HERE = Placement("local", "container")


def app(workshop: Workshop, image: str = "", **files: str) -> App:
    folder = workshop.folder(spec=f"name: weather\nimage: {{registry: ghcr.io/lab{image}}}\n")
    for name, text in files.items():
        (folder / name).write_text(text)
    return load_app(workshop.tools, str(folder))


def document(one: App, placement: Placement = HERE) -> dict[str, Any]:
    return one.run_document(placement, "weather-abcdef")


def rendered(workshop: Workshop, one: App, **run: object) -> App:
    """The app beside a run.json that was rendered before."""
    site, _ = look_up(workshop.tools, one.folder, one.spec)
    site.root().mkdir(parents=True)
    (site.root() / "run.json").write_text(json.dumps(run))
    return same_everywhere(one, site)


def test_an_image_is_called_after_the_app(workshop: Workshop) -> None:
    assert document(app(workshop))["repository"] == "ghcr.io/lab/weather"


def test_its_python_is_fixed_here(workshop: Workshop) -> None:
    assert document(app(workshop))["python"] == own_version()


def test_one_that_was_fixed_before_stays(workshop: Workshop) -> None:
    one = rendered(workshop, app(workshop), own_python="3.9")
    assert document(one)["python"] == "3.9"


def test_one_that_is_not_used_just_now_is_not_kept(workshop: Workshop) -> None:
    """It may have been named for a while, be a base's, or that of a version that was brought back."""
    one = rendered(workshop, app(workshop), python="3.9", own_python="3.10", repository="ghcr.io/lab/weather")
    assert document(one)["python"] == "3.10"


def test_one_that_is_named_is_forgotten_with_its_name(workshop: Workshop) -> None:
    one = rendered(workshop, app(workshop), python="3.9", repository="ghcr.io/lab/weather")
    assert document(one)["python"] == own_version()


def test_one_that_is_named_is_not_written_down_as_one_that_stays(workshop: Workshop) -> None:
    assert "own_python" not in document(app(workshop, ", python: '3.10'"))


def test_one_that_is_named_counts(workshop: Workshop) -> None:
    one = rendered(workshop, app(workshop, ", python: '3.10'"), own_python="3.9")
    assert document(one)["python"] == "3.10"


def test_a_version_that_is_brought_back_takes_its_python_along_when_it_goes(workshop: Workshop) -> None:
    one = rendered(workshop, app(workshop), own_python="3.9")
    old = replace(one, spec=replace(one.spec, image=replace(one.spec.image, python="3.10")))
    assert (document(old)["python"], document(old)["own_python"]) == ("3.10", "3.9")


def test_without_a_registry_nothing_is_told_of_it(workshop: Workshop) -> None:
    bare = load_app(workshop.tools, str(workshop.folder(spec="name: weather\n")))
    assert "own_python" not in document(bare)


@pytest.mark.parametrize(("image", "files"), [(", base: 'mine:1'", {}), ("", {"Dockerfile": "FROM mine:1"})])
def test_an_image_of_ones_own_brings_its_python(workshop: Workshop, image: str, files: dict[str, str]) -> None:
    assert document(app(workshop, image, **files))["python"] is None


def test_a_virtual_environment_is_in_no_registry_and_that_is_said(workshop: Workshop) -> None:
    one, here = app(workshop), replace(HERE, runtime="venv")
    assert ("repository" in document(one, here), document(one, here)["python"]) == (False, None)
    assert list(one.image_notes(here)) == ["`image.registry`: not used, for main.py runs in a virtual environment"]
