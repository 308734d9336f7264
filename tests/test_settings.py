from __future__ import annotations

import os
import pwd
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from cynthus.errors import SettingsInvalid
from cynthus.process import Command, run
from cynthus.settings import ENVIRONMENT, Settings, debugging, google, handed_on, memory_folder, read

HOME = {"HOME": "/home/jo"}


def own_home() -> Path:
    return Path(pwd.getpwuid(os.getuid()).pw_dir)


def test_folders_lie_where_the_xdg_specification_says() -> None:
    settings = read(HOME)
    assert settings.home == Path("/home/jo")
    assert settings.state_dir == Path("/home/jo/.local/state/cynthus")
    assert settings.data_dir == Path("/home/jo/.local/share/cynthus")
    assert settings.cache_dir == Path("/home/jo/.cache/cynthus")


@pytest.mark.parametrize(
    ("variable", "field"),
    [("XDG_STATE_HOME", "state_dir"), ("XDG_DATA_HOME", "data_dir"), ("XDG_CACHE_HOME", "cache_dir")],
)
def test_a_folder_can_be_moved(variable: str, field: str) -> None:
    assert getattr(read(HOME | {variable: "/big disk"}), field) == Path("/big disk/cynthus")


@pytest.mark.parametrize("value", ["", "relative", "./here", "~/there"])
@pytest.mark.parametrize("variable", ["XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"])
def test_a_relative_folder_is_ignored_as_the_specification_wants(variable: str, value: str) -> None:
    moved, plain = read(HOME | {variable: value}), read(HOME)
    assert (moved.state_dir, moved.data_dir, moved.cache_dir) == (plain.state_dir, plain.data_dir, plain.cache_dir)


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}, {"HOME": "relative"}, {"HOME": "~"}, {"HOME": "."}])
def test_without_a_good_home_the_password_file_is_asked(environment: dict[str, str]) -> None:
    assert read(environment).home == own_home()


NOBODY = """
import os
from cynthus.errors import SettingsInvalid
from cynthus.settings import ENVIRONMENT, Settings, debugging, google, handed_on, memory_folder, read
os.setuid(654321)
try:
    read({})
except SettingsInvalid as error:
    print(error.message, "|", error.hint)
print(read({"HOME": "/tmp"}).home)
"""


def test_a_user_whom_the_password_file_does_not_know_must_set_home() -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become a user whom nobody knows")
    answer = run(Command((sys.executable, "-c", NOBODY)))
    said, home = answer.stdout.decode().splitlines()
    assert "no home folder" in said
    assert "set HOME" in said
    assert home == "/tmp"


def test_the_environment_is_handed_on_as_it_is() -> None:
    environment = {**HOME, "HF_TOKEN": "x"}
    assert read(environment).environment == environment


def test_nothing_set_means_the_defaults() -> None:
    settings = read(HOME)
    assert (settings.terraform, settings.color) == (None, True)
    assert (settings.terraform_timeout, settings.ansible_timeout) == (3600, 3600)


@pytest.mark.parametrize(
    ("variable", "value", "field", "expected"),
    [
        ("CYNTHUS_TERRAFORM", "/opt/tofu", "terraform", "/opt/tofu"),
        ("CYNTHUS_TERRAFORM", "", "terraform", None),
        ("NO_COLOR", "1", "color", False),
        ("NO_COLOR", "0", "color", False),
        ("CYNTHUS_TERRAFORM_TIMEOUT", "90", "terraform_timeout", 90),
        ("CYNTHUS_TERRAFORM_TIMEOUT", "0.5", "terraform_timeout", 0.5),
        ("CYNTHUS_ANSIBLE_TIMEOUT", " 1e3 ", "ansible_timeout", 1000),
        ("CYNTHUS_ANSIBLE_TIMEOUT", "", "ansible_timeout", 3600),
    ],
)
def test_a_variable_sets_its_field(variable: str, value: str, field: str, expected: object) -> None:
    assert getattr(read(HOME | {variable: value}), field) == expected


@pytest.mark.parametrize("value", ["soon", "1h", "0", "-1", "nan", "inf", "-inf", "1e7", "1,5", "0x10"])
@pytest.mark.parametrize("variable", ["CYNTHUS_TERRAFORM_TIMEOUT", "CYNTHUS_ANSIBLE_TIMEOUT"])
def test_a_time_that_makes_no_sense_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=variable) as caught:
        read(HOME | {variable: value})
    assert repr(value) in caught.value.message


def test_a_refused_time_says_what_would_do() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read(HOME | {"CYNTHUS_ANSIBLE_TIMEOUT": "soon"})
    assert "3600" in caught.value.hint


def test_reading_changes_nothing() -> None:
    before = dict(os.environ)
    read(HOME)
    assert dict(os.environ) == before


def test_each_user_has_a_folder_in_memory_of_their_own() -> None:
    assert memory_folder().name == f"cynthus-{os.getuid()}"
    assert memory_folder().parent.is_dir()


def test_where_there_is_a_file_system_in_memory_it_is_used() -> None:
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("there is no /dev/shm here")
    assert memory_folder().parent == Path("/dev/shm")


SHOW = "from cynthus.settings import memory_folder; print(memory_folder())"


def test_where_there_is_none_the_temporary_folder_is_used() -> None:
    if shutil.which("unshare") is None:
        pytest.skip("there is no `unshare` here")
    # In a mount namespace of its own /dev is an empty one, so without /dev/shm.
    script = 'mount -t tmpfs none /dev && exec "$0" -c "$1"'
    answer = run(Command(("unshare", "-m", "sh", "-c", script, sys.executable, SHOW)))
    if answer.returncode:
        pytest.skip(f"hiding /dev needs the right to mount: {answer.stderr.decode().strip()}")
    assert answer.stdout.decode().strip() == f"{tempfile.gettempdir()}/cynthus-{os.getuid()}"


class Recorded(dict[str, str]):
    """An environment that remembers what was looked up in it."""

    def __init__(self) -> None:
        super().__init__(HOME)
        self.asked: set[str] = set()

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]  # all that `read` uses
        self.asked.add(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)


def test_every_variable_that_is_read_is_described_and_no_other() -> None:
    environment = Recorded()
    read(environment)
    debugging(environment)
    assert environment.asked - {"HOME"} == set(ENVIRONMENT)


@pytest.mark.parametrize(("value", "on"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_debugging_is_switched_on_by_any_value_but_zero(value: str, on: bool) -> None:  # noqa: FBT001 - what is expected
    assert debugging({"CYNTHUS_DEBUG": value}) is on


def test_settings_do_not_change() -> None:
    with pytest.raises(AttributeError):
        read(HOME).color = True  # type: ignore[misc]  # that is the point


def test_settings_are_values() -> None:
    assert isinstance(read(HOME), Settings)
    assert read(HOME) == read(dict(HOME))


def test_the_password_for_sudo_is_kept_apart_from_what_programs_are_given() -> None:
    settings = read({**HOME, "CYNTHUS_SUDO_PASSWORD": "correct horse"})
    assert settings.sudo_password == "correct horse"
    assert "correct horse" not in repr(settings)


def test_an_empty_password_is_none() -> None:
    assert read({**HOME, "CYNTHUS_SUDO_PASSWORD": ""}).sudo_password is None


def test_what_leads_through_googles_proxy_is_an_allowed_few() -> None:
    kept = {"GOOGLE_OAUTH_ACCESS_TOKEN": "x", "HTTPS_PROXY": "y", "CLOUDSDK_CONFIG": "z", "CYNTHUS_GOOGLE_IAP": "w"}
    assert google({**kept, "AWS_SECRET_ACCESS_KEY": "no", "HF_TOKEN": "no", "PATH": "/bin"}) == kept


def test_nothing_of_it_goes_along_to_a_host_but_the_web_proxy() -> None:
    said = {"GOOGLE_OAUTH_ACCESS_TOKEN": "x", "HTTPS_PROXY": "y", "CLOUDSDK_CONFIG": "z", "CYNTHUS_GOOGLE_IAP": "w"}
    assert handed_on(said) == {"HTTPS_PROXY": "y"}
