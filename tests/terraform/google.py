"""The real provider of Google Cloud, from wherever `terraform init` can get it: a registry, a folder of plugins, or the
mirror that CYNTHUS_TF_MIRROR names."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run, start
from cynthus.terraform.environment import terraform_environment
from tests.mirror import MIRROR, configured, named
from tests.needs import lacking
from tests.terraform.roots import wait_for
from tests.terraforms import installed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSIONS = ">= 7.41, < 9.0"
"""What every root and module says."""
REGISTRIES = ("registry.terraform.io", "registry.opentofu.org")
"""Where Terraform and OpenTofu each look for what the roots call `hashicorp/google`."""


@pytest.fixture(scope="session")
def google(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Terraform that finds the provider, with a token that no cloud would take."""
    return provided(tmp_path_factory.mktemp("google"))


def provided(folder: Path) -> dict[str, str]:
    """The same in a folder that may be filled; skips where the provider cannot be had."""
    environment = _environment(folder)
    program = _program(folder, environment)
    _mirror(folder, program.parent)
    return {**environment, **configured(folder, folder / "mirror")}


@pytest.fixture(scope="session")
def attached(google: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The same, with the provider at work already: else each `run` of a test file starts one, which takes a second."""
    folder = tmp_path_factory.mktemp("attached")
    log = folder / "log"
    command = Command((str(_program(folder, google)), "-debug"), cwd=folder, env={**google, "TMPDIR": str(folder)})
    with open(log, "wb") as out:
        provider = start(command, stdout=out, stderr=out)
    try:
        wait_for(lambda: _address(log) or provider.poll() is not None, "the start of the provider")
        assert _address(log), log.read_text()
        told = json.loads(_address(log)).values()
        known = {f"{registry}/hashicorp/google": each for registry in REGISTRIES for each in told}
        yield {**google, "TF_REATTACH_PROVIDERS": json.dumps(known)}
    finally:
        provider.kill()
        provider.wait()


def _address(log: Path) -> str:
    found = re.search(r"TF_REATTACH_PROVIDERS='(.+)'\n", log.read_text())
    return found[1] if found else ""


def _program(folder: Path, environment: Mapping[str, str]) -> Path:
    """The provider itself; skips where it cannot be had."""
    demand = f'google = {{ source = "hashicorp/google", version = "{VERSIONS}" }}'
    (folder / "main.tf").write_text(f"terraform {{\n  required_providers {{\n    {demand}\n  }}\n}}\n")
    command = Command((*installed()[0].argv, "init", "-no-color"), cwd=folder, env=environment)
    answer = run(command, timeout=200)
    if answer.returncode:
        lacking(f"no registry, folder of plugins or ${MIRROR} has hashicorp/google {VERSIONS}")
    return next(folder.glob(".terraform/providers/*/hashicorp/google/*/*/terraform-provider-google*"))


def mirror_of(google: Mapping[str, str]) -> Path:
    """A folder that has the provider as a mirror has it, wherever that environment got it."""
    return Path(google["TF_PLUGIN_CACHE_DIR"]).parent / "mirror"


def _mirror(folder: Path, package: Path) -> None:
    """Have it there for both."""
    version, platform = package.parts[-2:]
    for registry in REGISTRIES:
        place = folder / "mirror" / registry / "hashicorp/google" / version
        place.mkdir(parents=True)
        (place / platform).symlink_to(package.resolve())


def _environment(folder: Path) -> dict[str, str]:
    """Where a registry has the provider it is downloaded once, and not by every test."""
    cache = folder / "cache"
    cache.mkdir()
    mine = {"TF_PLUGIN_CACHE_DIR": str(cache), "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}
    mine |= named(folder)
    outside = ("GOOGLE_", "CLOUDSDK_", "GCLOUD_")
    given = {name: value for name, value in os.environ.items() if not name.startswith(outside)}
    # The provider lives for a second and makes a schema of a thousand resources: collecting garbage is wasted on that.
    mine["GOGC"] = "400"
    return terraform_environment({**given, **mine, "GOOGLE_OAUTH_ACCESS_TOKEN": "not-a-token"})
