"""A provider that is not to be had: no way to the registry, and no mirror that has it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import TerraformFailed
from cynthus.terraform.diagnosis import explain
from tests.mirror import configured
from tests.terraform.roots import cli, root

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.terraform.binary import Binary

DEMAND = 'terraform {\n  required_providers {\n    cloud = { source = "example/cloud" }\n  }\n}\n'
NO_WAY = """Error: Failed to query available provider packages
Could not retrieve the list of available versions for provider
example/cloud: could not connect to registry.example.com: failed to
request discovery document: dial tcp: lookup registry.example.com: no such host
"""
CUT = """Error: Failed to install provider
Error while installing example/cloud v1.2.3: could not query provider
registry for registry.example.com/example/cloud: failed to retrieve cryptographic signature
"""
NO_SUCH_VERSION = """Error: Failed to query available provider packages
Could not retrieve the list of available versions for provider example/cloud: no available releases match the given
constraints >= 99.0.0
"""
TAMPERED = """Error: Failed to install provider
Error while installing example/cloud v1.2.3: the local package doesn't match any of the checksums previously recorded
"""


def no_mirror(place: Path) -> Mapping[str, str]:
    """An environment whose only source of providers is an empty folder."""
    (place / "empty").mkdir()
    return {**os.environ, **configured(place, place / "empty")}


def refused(tmp_path: Path, binary: Binary) -> TerraformFailed:
    with pytest.raises(TerraformFailed) as caught:
        cli(root(tmp_path / "root", DEMAND), binary, environment=no_mirror(tmp_path)).init()
    return caught.value


def test_the_real_one_is_understood(tmp_path: Path, binary: Binary) -> None:
    error = refused(tmp_path, binary)
    assert "cannot get the provider example/cloud" in error.message


def test_the_hint_says_how_to_make_a_mirror_and_how_to_name_it(tmp_path: Path, any_binary: Binary) -> None:
    error = refused(tmp_path, any_binary)
    assert f"`{any_binary.word} providers mirror FOLDER`" in error.hint
    assert "provider_installation { filesystem_mirror {" in error.hint


@pytest.mark.parametrize(("word", "file"), [("terraform", "~/.terraformrc"), ("tofu", "~/.tofurc")])
def test_the_hint_names_the_file_that_this_program_reads(tmp_path: Path, word: str, file: str) -> None:
    error = explain(NO_WAY, tmp_path, (), word)
    assert error is not None
    assert f"name it in {file}, or" in error.hint


def test_what_it_says_itself_is_shown_too(tmp_path: Path, any_binary: Binary) -> None:
    said = " ".join(" ".join(refused(tmp_path, any_binary).details).split())
    assert "not found in any of the search locations" in said


@pytest.mark.parametrize("text", [NO_WAY, CUT])
def test_a_registry_out_of_reach_is_the_same(tmp_path: Path, text: str) -> None:
    error = explain(text, tmp_path, ())
    assert error is not None
    assert error.message == f"terraform init in {tmp_path} cannot get the provider example/cloud"


@pytest.mark.parametrize("text", [NO_SUCH_VERSION, TAMPERED])
def test_a_mirror_is_no_help_where_the_registry_answers(tmp_path: Path, text: str) -> None:
    assert explain(text, tmp_path, ()) is None
