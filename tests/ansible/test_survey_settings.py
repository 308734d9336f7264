"""Which settings of Docker a survey would change, how the engine gets to know them, and who may use it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from tests.ansible.standins import BOOKWORM, StandIn, kinds, problems

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = "etc/docker/daemon.json"
PROXY = "etc/systemd/system/docker.service.d/cynthus-proxy.conf"


@pytest.fixture
def host(tmp_path: Path) -> StandIn:
    """A bare Debian, from which no repository can be reached."""
    made = StandIn(tmp_path)
    made.file("etc/os-release", BOOKWORM)
    made.packages()
    return made


def test_a_new_engine_gets_live_restore(host: StandIn) -> None:
    assert host.docker()["docker"]["plan"]["daemon"] == {"live-restore": True}


def test_a_new_engine_gets_what_somebody_has_left_for_it(host: StandIn) -> None:
    host.file(SETTINGS, '{"live-restore": false, "log-level": "warn"}')
    assert host.docker()["docker"]["plan"]["daemon"] is None


def test_settings_are_merged_into_the_users(host: StandIn) -> None:
    host.engine()
    theirs = {"log-opts": {"max-size": "1m"}, "registry-mirrors": ["https://theirs"], "debug": True}
    host.file(SETTINGS, json.dumps(theirs))
    ours = {"log-opts": {"max-file": "3"}, "registry-mirrors": ["https://ours", "https://theirs"]}
    assert host.docker(daemon=ours)["docker"]["plan"]["daemon"] == {
        "log-opts": {"max-size": "1m", "max-file": "3"},
        "registry-mirrors": ["https://theirs", "https://ours"],
        "debug": True,
    }


def test_settings_that_are_there_already_change_nothing(host: StandIn) -> None:
    host.engine()
    host.file(SETTINGS, '{"registry-mirrors": ["https://theirs", "https://ours"]}')
    assert host.docker(daemon={"registry-mirrors": ["https://ours"]})["changes"] == []


def test_the_mode_of_the_users_settings_is_kept(host: StandIn) -> None:
    host.engine()
    host.file(SETTINGS, "{}")
    (host.folder / "root" / SETTINGS).chmod(0o600)
    assert host.docker(daemon={"debug": True})["docker"]["plan"]["mode"] == "0600"


@pytest.mark.parametrize(
    ("settings", "apply"),
    [
        ({"registry-mirrors": ["https://m"]}, "reload"),
        ({"insecure-registries": ["m:5000"]}, "reload"),
        ({"live-restore": True}, "reload"),
        ({"live-restore": True, "data-root": "/data"}, "restart"),
        ({"data-root": "/data"}, "restart"),
        ({"default-shm-size": "1G"}, "restart"),
    ],
)
def test_an_engine_is_restarted_only_for_what_it_does_not_take_over_while_it_runs(
    host: StandIn, settings: dict[str, object], apply: str
) -> None:
    host.engine()
    assert host.docker(daemon=settings)["docker"]["plan"]["apply"] == apply


def test_a_restart_that_ends_no_container_needs_no_leave(host: StandIn) -> None:
    host.engine()
    assert kinds(host.docker(daemon={"data-root": "/data"})) == ["install", "restart"]


def test_a_restart_while_containers_run_has_to_be_allowed(host: StandIn) -> None:
    host.engine(containers="web\ndb")
    found = host.docker(daemon={"data-root": "/data"})
    assert kinds(found) == ["install", "restart disrupt"]
    assert found["changes"][1]["why"].endswith("in /var/lib/docker stays there; containers run there: web, db")


def test_of_many_containers_some_are_named(host: StandIn) -> None:
    host.engine(containers="a b c d e f")
    assert host.docker(daemon={"debug": True})["changes"][1]["why"].endswith(": a, b, c, d, e, ...")


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "{'a': 1}"])
def test_settings_that_are_no_json_are_in_the_way_of_others(host: StandIn, text: str) -> None:
    host.engine()
    host.file(SETTINGS, text)
    found = host.docker(daemon={"debug": True})
    assert (found["docker"]["plan"]["daemon"], "daemon.json is not JSON" in problems(found)) == (None, True)


def test_settings_that_are_no_json_are_nobodys_business_where_nothing_is_to_be_set(host: StandIn) -> None:
    host.engine()
    host.file(SETTINGS, "{")
    assert host.docker()["problems"] == []


def test_an_empty_file_of_settings_holds_none(host: StandIn) -> None:
    host.engine()
    host.file(SETTINGS, "")
    assert host.docker(daemon={"debug": True})["docker"]["plan"]["daemon"] == {"debug": True}


def test_an_engine_without_root_keeps_its_settings_elsewhere(host: StandIn) -> None:
    host.engine(SecurityOptions=["name=seccomp,profile=builtin", "name=rootless"])
    found = host.docker(daemon={"debug": True})
    assert (found["changes"], problems(found)) == ([], "a Docker Engine without root keeps its settings elsewhere")


def test_proxies_that_are_new_need_a_restart(host: StandIn) -> None:
    host.engine()
    found = host.docker(proxy="0" * 64)
    assert (found["docker"]["plan"]["proxy"], kinds(found)) == (True, ["install", "restart"])


def test_proxies_that_are_set_already_change_nothing(host: StandIn) -> None:
    host.engine()
    host.file(PROXY, "[Service]\n")
    assert host.docker(proxy=hashlib.sha256(b"[Service]\n").hexdigest())["changes"] == []


def test_a_user_joins_the_group_of_a_new_engine(host: StandIn) -> None:
    found = host.docker(user="alice")
    assert (found["docker"]["plan"]["users"], found["changes"][1]["what"]) == (["alice"], "alice in the group docker")


def test_root_joins_no_group(host: StandIn) -> None:
    assert host.docker()["docker"]["plan"]["users"] == []


def test_a_user_whom_the_engine_answers_joins_no_group(host: StandIn) -> None:
    host.engine()
    host.script("runuser", "exit 0\n")
    assert host.docker(user="alice")["changes"] == []


def test_a_member_does_not_join_again(host: StandIn) -> None:
    host.file("etc/group", "root:x:0:\ndocker:x:103:bob,alice\n")
    assert host.docker(user="alice")["docker"]["plan"]["users"] == []


def test_a_user_whom_the_engine_does_not_answer_joins_its_group(host: StandIn) -> None:
    host.engine()
    host.file("etc/group", "docker:x:103:\n")
    assert host.docker(user="alice")["docker"]["plan"]["users"] == ["alice"]


def test_where_an_engine_has_no_group_somebody_has_to_make_one(host: StandIn) -> None:
    host.engine()
    assert problems(host.docker(user="alice")) == "Docker answers root and not alice, and there is no group docker"


def test_others_join_where_they_are_named(host: StandIn) -> None:
    host.file("etc/group", "docker:x:103:bob\n")
    host.engine()
    assert host.docker(users=["bob", "carol"])["docker"]["plan"]["users"] == ["carol"]


def test_nobody_joins_where_nobody_is_to(host: StandIn) -> None:
    assert host.docker(user="alice", users=[])["docker"]["plan"]["users"] == []
