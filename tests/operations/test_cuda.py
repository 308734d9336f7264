"""Which base an app is built on where its packages need CUDA: shown in run.json, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.placement import Placement
from cynthus.errors import PlacementRefused
from cynthus.operations.app import load_app
from cynthus.operations.cuda import with_cuda

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.placement import Runtime
    from cynthus.operations.app import App
    from tests.operations.workshop import Workshop

ON_GPU = Placement("ssh", "container", gpus=1, driver=580)
BASE = "nvidia/cuda:13.0.3-cudnn-devel-ubuntu24.04"
APT = ["python3", "python3-dev", "python3-pip", "python-is-python3"]


def app(workshop: Workshop, spec: str = "", **files: str) -> App:
    """An app with these files, each called after its name with a dot for the last underscore."""
    folder: Path = workshop.folder(spec=spec)
    for name, text in files.items():
        (folder / ".".join(name.rsplit("_", 1))).write_text(text)
    return load_app(workshop.tools, str(folder))


def built_on(made: App, placement: Placement = ON_GPU) -> tuple[object, object, object]:
    """What run.json says of the base."""
    document = with_cuda(made, placement, made.needs.listed)[0].run_document(placement, "weather-0a1b2c")
    return document["base"], document["python"], document.get("apt")


def test_a_package_that_needs_cuda_decides_about_base_and_python(workshop: Workshop) -> None:
    assert built_on(app(workshop, requirements_txt="flash-attn\n")) == (BASE, "3.12", APT)


def test_one_in_an_included_file_does_so_too(workshop: Workshop) -> None:
    made = app(workshop, requirements_txt="-r more.txt\n", more_txt="flash-attn\n")
    assert built_on(made)[0] == BASE


def test_one_that_was_inferred_does_so_too(workshop: Workshop) -> None:
    assert built_on(app(workshop, main_py="import flash_attn\n"))[0] == BASE


def test_packages_of_the_users_come_beside(workshop: Workshop) -> None:
    made = app(workshop, "image: {apt: [ffmpeg]}\n", requirements_txt="flash-attn\n")
    assert built_on(made)[2] == [*APT, "ffmpeg"]


@pytest.mark.parametrize(
    "changes", [{"gpus": 0}, {"runtime": "venv"}, {"driver": 535}], ids=["no GPU", "no container", "an old driver"]
)
def test_without_what_it_is_for_there_is_no_such_base(workshop: Workshop, changes: dict[str, object]) -> None:
    assert built_on(app(workshop, requirements_txt="flash-attn\n"), replace(ON_GPU, **changes)) == (None, None, None)


@pytest.mark.parametrize(
    ("spec", "base"),
    [
        ("image: {cuda: none}\n", None),
        ("image: {base: mine}\n", "mine"),
        ("image: {cuda: 12.8}\n", "nvidia/cuda:12.8.1-cudnn-devel-ubuntu24.04"),
    ],
)
def test_what_the_user_says_counts_more(workshop: Workshop, spec: str, base: str | None) -> None:
    assert built_on(app(workshop, spec, requirements_txt="flash-attn\n"))[0] == base


def test_a_dockerfile_of_ones_own_is_left_alone(workshop: Workshop) -> None:
    folder = workshop.folder()
    (folder / "requirements.txt").write_text("flash-attn\n")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    assert built_on(load_app(workshop.tools, str(folder)))[0] is None


def test_why_is_among_the_reasons(workshop: Workshop) -> None:
    _, placement = with_cuda(app(workshop, requirements_txt="flash-attn\n"), ON_GPU, None)
    assert placement.reasons == (f"flash-attn needs CUDA: {BASE} with Python 3.12, for driver 580",)


def test_that_none_fits_is_a_warning(workshop: Workshop) -> None:
    made, _ = with_cuda(app(workshop, requirements_txt="flash-attn\n"), replace(ON_GPU, driver=535), None)
    assert [each for each in made.needs.warnings if "takes a driver from 580 on" in each]


def test_that_none_fits_is_refused_where_the_user_names_a_version(workshop: Workshop) -> None:
    with pytest.raises(PlacementRefused, match="takes a driver from 580 on") as refused:
        with_cuda(app(workshop, "image: {cuda: 13.0}\n"), replace(ON_GPU, driver=570), None)
    assert "image.cuda" in refused.value.hint


@pytest.mark.parametrize(("range_", "python"), [(">=3.9,<3.12", "3.10"), (">=3.12", "3.12"), (">=3.9", "3.12")])
def test_of_a_range_of_pythons_the_base_has_one(workshop: Workshop, range_: str, python: str) -> None:
    project = f'[project]\nname = "x"\nrequires-python = "{range_}"\ndependencies = ["pycuda"]\n'
    made = app(workshop, pyproject_toml=project)
    assert built_on(made)[1] == python


def test_a_package_that_the_user_has_added_to_what_we_write_counts(workshop: Workshop) -> None:
    made = app(workshop, main_py="import numpy\n")
    built, _ = with_cuda(made, ON_GPU, b"numpy\nflash-attn\n")
    assert built.spec.image.base == BASE


def test_what_imports_torch_while_it_is_built_is_built_beside_it(workshop: Workshop) -> None:
    made = app(workshop, requirements_txt="torch==2.12.0\nflash-attn\nmamba_ssm\n")
    document = with_cuda(made, ON_GPU, None)[0].run_document(ON_GPU, "weather-0a1b2c")
    assert (document["beside"], "ninja" in document["tools"], "torch" in document["tools"]) == (
        ["flash-attn", "mamba-ssm"], True, False,
    )


def test_where_no_list_names_torch_it_comes_before(workshop: Workshop) -> None:
    made, _ = with_cuda(app(workshop, requirements_txt="flash-attn\n"), ON_GPU, None)
    assert "torch" in made.tools


def test_what_does_not_is_built_apart(workshop: Workshop) -> None:
    made, _ = with_cuda(app(workshop, requirements_txt="pycuda\n"), ON_GPU, None)
    assert (made.tools, made.beside) == (("pip", "setuptools", "wheel"), ())


def test_a_login_to_an_index_is_not_in_what_is_written(workshop: Workshop) -> None:
    lines = "--extra-index-url https://me:pass-word@e.org/simple\ntorch @ https://me:pass-word@e.org/t.zip\nflash-attn\n"
    document = with_cuda(app(workshop, requirements_txt=lines), ON_GPU, None)[0].run_document(ON_GPU, "x-0a1b2c")
    assert "pass-word" not in str(document)


def test_what_only_constrains_needs_nothing(workshop: Workshop) -> None:
    made = app(workshop, requirements_txt="numpy\n-c c.txt\n", c_txt="flash-attn==2.7.4\ntorch==2.5.1\n")
    assert built_on(made)[0] is None


def test_a_constraint_tells_which_torch_it_is(workshop: Workshop) -> None:
    made = app(workshop, requirements_txt="torch\nflash-attn\n-c c.txt\n", c_txt="torch<2.11\n")
    assert str(built_on(made)[0]).startswith("nvidia/cuda:12.")


def test_an_app_without_all_that_is_described_as_it_always_was(workshop: Workshop) -> None:
    document = app(workshop).run_document(Placement("local", "container"), "x-0a1b2c")
    assert not {"apt", "tools", "beside", "preprocess"} & document.keys()


@pytest.mark.parametrize(
    ("spec", "runtime", "said"),
    [
        ("image: {apt: [ffmpeg], cuda: 12.8}\n", "venv", "`image.apt` and `image.cuda`: not used, for main.py runs"),
        ("image: {cuda: 12.8}\n", "container", "`image.cuda`: not used, for no GPU is asked for"),
    ],
)
def test_what_is_not_used_is_told(workshop: Workshop, spec: str, runtime: Runtime, said: str) -> None:
    notes = list(app(workshop, spec).image_notes(Placement("local", runtime)))
    assert [note.startswith(said) for note in notes] == [True]
