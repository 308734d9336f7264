"""The environment is not ours: what users export for other tools changes nothing."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from tests.needs import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.journeys.user import User

HOSTILE = {
    "a missing Terraform configuration": {"TF_CLI_CONFIG_FILE": "/no/such/file"},
    "Terraform's log": {"TF_LOG": "TRACE"},
    "Terraform's data folder": {"TF_DATA_DIR": "/no/such/folder"},
    "Terraform's arguments": {"TF_CLI_ARGS": "-no-such-flag", "TF_CLI_ARGS_plan": "-destroy"},
    "Terraform's variables": {"TF_VAR_deployment": "other-123456", "TF_VAR_gpus": "7"},
    "a Terraform workspace": {"TF_WORKSPACE": "other"},
    "Ansible's settings": {
        "ANSIBLE_CONFIG": "/no/such/file", "ANSIBLE_STDOUT_CALLBACK": "minimal", "ANSIBLE_CHECK_MODE_MARKERS": "1",
        "ANSIBLE_ROLES_PATH": "/no/such/folder", "ANSIBLE_STRATEGY": "free", "ANSIBLE_VAULT_PASSWORD_FILE": "/no/such",
    },
    "Python's settings": {
        "PYTHONPATH": "/no/such/folder", "PYTHONSTARTUP": "/no/such/file", "PYTHONOPTIMIZE": "2",
        "PYTHONWARNINGS": "default", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "ascii", "PYTHONSAFEPATH": "1",
    },
    "an odd locale": {"LANG": "C", "LC_ALL": "C"},
    "colours": {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_exported_for_other_tools_changes_nothing(user: User, kind: str) -> None:
    user.environment.update(HOSTILE[kind])
    ended = user.cynthus("up", user.folder(), "-y")
    assert (ended.code, ended.out) == (0, "counting\n3 words\n"), ended


def test_without_a_home_variable_the_password_file_knows_the_home(user: User) -> None:
    folder = user.folder()
    shell = {key: value for key, value in user.shell().items() if key != "HOME"}
    places = {f"XDG_{kind}_HOME": str(user.home / path) for kind, path in PLACES.items()}
    ended = user.cynthus("up", folder, "-y", shell={**shell, **places})
    assert ended.code == 0, ended


PLACES = {"STATE": ".local/state", "DATA": ".local/share", "CACHE": ".cache"}


NAMES = ["with spaces", "quo'te", "5$", "{{ braces }}", "${tf}", "ünïcode 😀", "-dash"]


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_may_be_called_anything(user: User, name: str) -> None:
    folder = user.folder(name)
    ended = user.cynthus("up", f"./{name}", "-y", cwd=folder.parent)
    assert (ended.code, ended.out) == (0, "counting\n3 words\n"), ended


def test_a_folder_that_ansible_would_take_for_a_variable_is_refused_in_words(user: User) -> None:
    ended = user.cynthus("up", user.folder("in $HOME"), "-y")
    assert (ended.code, "rename the folder so that its path has no dollar sign" in ended.err) == (1, True), ended


def test_no_color_is_respected(user: User) -> None:
    user.environment["NO_COLOR"] = "1"
    assert "\x1b[" not in user.cynthus("up", user.folder(), "-y").err


def test_a_folder_that_cannot_be_written_is_named(user: User) -> None:
    folder = user.folder()
    with read_only(folder):
        ended = user.cynthus("up", folder, "-y")
    assert (ended.code, "CYN-122" in ended.err, str(folder) in ended.err) == (2, True, True), ended


def test_a_full_disk_is_told_and_mended_by_making_room(user: User) -> None:
    with small_disk(user) as folder:
        (folder / "ballast").write_bytes(b"x" * room_on(folder))
        ended = user.cynthus("up", folder, "-y")
        assert (ended.code, "CYN-504" in ended.err) == (1, True), ended
        (folder / "ballast").unlink()
        ended = user.cynthus("up", folder, "-y")
        assert ended.code == 0, ended
        user.cynthus("destroy", folder, "-y")


def room_on(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """`folder` as a mount that even root cannot write to."""
    mount(("mount", "--bind", str(folder), str(folder)))
    try:
        mount(("mount", "-o", "remount,ro,bind", str(folder)))
        yield
    finally:
        mount(("umount", str(folder)))


@contextmanager
def small_disk(user: User) -> Iterator[Path]:
    """A folder with an app on a disk of 3 MB."""
    place = user.place / "small"
    place.mkdir()
    mount(("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)))
    try:
        yield user.folder("small/app")
    finally:
        mount(("umount", str(place)))


def mount(argv: tuple[str, ...]) -> None:
    if os.geteuid() != 0:
        lacking("mounting needs root")
    answer = run(Command(argv))
    if answer.returncode:
        lacking(f"this machine does not let us mount: {answer.stderr.decode().strip()}")
