"""Only what the roles need of the user's environment reaches a play."""

from __future__ import annotations

from pathlib import Path

import pytest

from cynthus.ansible.environment import play_environment
from cynthus.errors import AnsibleError


def environment(
    tmp_path: Path, root: Path | None = None, named: dict[str, str] | None = None, google: Path | None = None,
    **user: str,
) -> dict[str, str]:
    folder = tmp_path / "play"
    folder.mkdir()
    return play_environment(
        {**user, **(named or {})},
        home=Path("/home/jo"),
        scripts=Path("/venv/bin"),
        root=root or tmp_path,
        folder=folder,
        sockets=Path("/dev/shm/cynthus-0/cp"),
        runner={"ANSIBLE_STDOUT_CALLBACK": "awx_display"},
        google=google,
    )


def test_sockets_of_connections_lie_on_a_short_path_whatever_the_home(tmp_path: Path) -> None:
    assert environment(tmp_path)["ANSIBLE_SSH_CONTROL_PATH_DIR"] == "/dev/shm/cynthus-0/cp"


@pytest.mark.parametrize(
    "name",
    [
        "SECRET",
        "AWS_SECRET_ACCESS_KEY",
        "GOOGLE_OAUTH_ACCESS_TOKEN",
        "ANSIBLE_STRATEGY",
        "ANSIBLE_LIBRARY",
        "PYTHONPATH",
        "PYTHONSTARTUP",
    ],
)
def test_what_is_not_on_the_list_stays_out(tmp_path: Path, name: str) -> None:
    assert name not in environment(tmp_path, None, {name: "x"})


@pytest.mark.parametrize(
    "name", ["SSH_AUTH_SOCK", "TMPDIR", "DOCKER_HOST", "XDG_DATA_HOME", "https_proxy", "PIP_INDEX_URL", "UV_CACHE_DIR"]
)
def test_what_the_roles_need_is_kept(tmp_path: Path, name: str) -> None:
    assert environment(tmp_path, None, {name: "x"})[name] == "x"


def test_our_programs_are_found_before_the_users(tmp_path: Path) -> None:
    assert environment(tmp_path, PATH="/usr/bin:/bin")["PATH"] == "/venv/bin:/usr/bin:/bin"


def test_a_user_without_a_path_gets_the_systems(tmp_path: Path) -> None:
    assert environment(tmp_path)["PATH"].startswith("/venv/bin:/")


def test_home_is_the_one_that_was_settled_and_not_the_variable(tmp_path: Path) -> None:
    assert environment(tmp_path, HOME="not/absolute")["HOME"] == "/home/jo"


def test_the_locale_is_one_that_ansible_accepts(tmp_path: Path) -> None:
    assert environment(tmp_path, LC_ALL="C", LANG="de_DE.ISO-8859-1")["LC_ALL"].endswith(".UTF-8")


def test_the_events_of_ansible_runner_cannot_be_switched_off(tmp_path: Path) -> None:
    assert environment(tmp_path, ANSIBLE_STDOUT_CALLBACK="json")["ANSIBLE_STDOUT_CALLBACK"] == "awx_display"


def test_the_rendered_configuration_is_the_one_that_counts(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").touch()
    assert environment(tmp_path, ANSIBLE_CONFIG="/etc/x.cfg")["ANSIBLE_CONFIG"] == str(tmp_path / "ansible.cfg")


def test_without_one_an_empty_configuration_keeps_the_users_away(tmp_path: Path) -> None:
    assert Path(environment(tmp_path)["ANSIBLE_CONFIG"]).read_text() == ""


def test_the_files_of_ansible_itself_lie_in_the_folder_of_the_play(tmp_path: Path) -> None:
    found = environment(tmp_path)
    assert {Path(found[name]).parent for name in ("ANSIBLE_HOME", "ANSIBLE_LOCAL_TEMP")} == {tmp_path / "play"}


def test_roles_path_is_left_to_the_configuration(tmp_path: Path) -> None:
    assert "ANSIBLE_ROLES_PATH" not in environment(tmp_path)


@pytest.mark.parametrize("name", ["a {{ 7 }}", "a {% x %}", "a {# x #}", "a:b"])
def test_roles_are_found_by_a_plain_path_where_ansible_would_misread_the_real_one(tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    assert Path(environment(tmp_path, root=root)["ANSIBLE_ROLES_PATH"]).readlink() == root / "ansible/roles"


@pytest.mark.parametrize("name", ["$HOME", "a ${PATH} b"])
def test_a_folder_with_the_name_of_a_variable_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnsibleError, match="as a variable"):
        environment(tmp_path, root=tmp_path / name)


def test_a_dollar_sign_that_names_no_variable_is_fine(tmp_path: Path) -> None:
    assert environment(tmp_path, root=tmp_path / "5$ and $unknown")


def test_what_leads_through_googles_proxy_is_in_a_file_of_the_plays_own(tmp_path: Path) -> None:
    file = tmp_path / "google"
    assert environment(tmp_path, google=file)["CYNTHUS_GOOGLE_FILE"] == str(file)
