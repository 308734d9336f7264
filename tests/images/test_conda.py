"""A conda environment, as far as PyPI has what it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.errors import RequirementsUnreadable
from cynthus.images.requirements import python_of

if TYPE_CHECKING:
    from tests.images.folder import Folder


def environment(*entries: str) -> str:
    return "name: x\nchannels: [conda-forge]\ndependencies:\n" + "".join(f"  - {entry}\n" for entry in entries)


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("numpy", "numpy"), ("numpy=1.26", "numpy==1.26.*"), ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy=1.26.*", "numpy==1.26.*"), ("numpy 1.26", "numpy==1.26"), ("numpy=1.26.4=py311_0", "numpy==1.26.4"),
        ("'numpy>=1.20,<2'", "numpy>=1.20,<2"), ("'numpy >=1.20, <2'", "numpy>=1.20,<2"), ("numpy=*", "numpy"),
        ("conda-forge::numpy", "numpy"), ("pytorch=2.1", "torch==2.1.*"), ("matplotlib-base", "matplotlib"),
        ("opencv", "opencv-python-headless"), ("pytables", "tables"), ("Scikit_Learn", "scikit-learn"),
    ],
)  # fmt: skip
def test_a_package_has_the_name_and_version_of_pypi(app: Folder, entry: str, line: str) -> None:
    app.write("environment.yml", environment(entry))
    assert app.lines() == [line]


def test_what_pip_installs_there_is_taken_as_it_is(app: Folder) -> None:
    app.write("environment.yaml", environment("pip", "pip: [flask>=3, -e ./libs/x, ./y.whl, -r more.txt]"))
    assert app.lines() == ["flask>=3", "-e ../../../libs/x", "../../../y.whl", "-r ../../../more.txt"]


@pytest.mark.parametrize("name", ["cudatoolkit", "ffmpeg", "libgcc-ng", "_openmp_mutex", "r-base", "gcc_linux-64"])
def test_what_is_not_on_pypi_is_named(app: Folder, name: str) -> None:
    app.write("environment.yml", environment("numpy", f"{name}=1"))
    found = app.found()
    assert found is not None
    assert found.lines == ("numpy",)
    assert found.warnings == (f"environment.yml: {name} is not on PyPI, and is left out",)


def test_a_version_without_a_counterpart_is_told(app: Folder) -> None:
    app.write("environment.yml", environment("'numpy=1.24|1.26'"))
    found = app.found()
    assert found is not None
    assert (found.lines, "any will do" in found.warnings[0]) == (("numpy",), True)


@pytest.mark.parametrize(("entry", "python"), [("python=3.10", "==3.10.*"), ("'python>=3.9,<3.12'", ">=3.9,<3.12")])
def test_its_python_is_no_package(app: Folder, entry: str, python: str) -> None:
    app.write("environment.yml", environment(entry))
    assert (app.lines(), [each.specifier for each in python_of([app.path])]) == ([], [python])


@pytest.mark.parametrize("text", ["", "[1", "a: b\n", "dependencies: numpy\n", environment("'!!'")])
def test_a_file_that_is_no_environment_is_told(app: Folder, text: str) -> None:
    app.write("environment.yml", text)
    with pytest.raises(RequirementsUnreadable):
        app.found()
