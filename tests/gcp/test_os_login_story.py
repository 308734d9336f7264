"""A machine that lets people in by their roles (OS Login), through Google's proxy. Each test goes on where the one
before it stopped."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from cynthus.testing.gcp.principals import OWNER
from tests.bed.keys import new_key
from tests.gcp.api import Api
from tests.gcp.someone import Someone, someone
from tests.journeys.user import User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bed.beds import Bed
    from tests.journeys.user import Ended

pytestmark = [pytest.mark.hosts, pytest.mark.cloud]

MAIN = """\
import getpass, pathlib
print("here as", getpass.getuser())
pathlib.Path("outputs/who.txt").write_text(getpass.getuser())
"""
NAME = "owner_example_com"
ENTER, ROOT, ACT = "compute.instances.osLogin", "compute.instances.osAdminLogin", "iam.serviceAccounts.actAs"


@pytest.fixture(scope="module")
def person(bed: Bed, google: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Someone]:
    machines = bed.hosts(1)
    with someone(tmp_path_factory.mktemp("somebody"), google, machines) as made:
        made.cloud.project.constraints = ["compute.requireOsLogin"]
        yield made
    for machine in machines:
        bed.remove(machine)


@pytest.fixture(scope="module")
def app(person: Someone) -> Path:
    return person.folder(main=MAIN, more="runtime: venv\n")


@pytest.fixture(scope="module")
def told_a_key(person: Someone, app: Path) -> Ended:
    """With what the policy forbids: a key in the machine's metadata, which is usual."""
    return person.user.cynthus("up", app, "-y", timeout=240)


def with_roles(app: Path) -> None:
    spec = app / "cynthus.yaml"
    spec.write_text(spec.read_text().replace("gcp: {key:", "gcp: {login: oslogin, key:"))


@pytest.fixture(scope="module")
def refused(person: Someone, app: Path, told_a_key: Ended) -> tuple[Ended, float]:
    """Somebody who may make machines, and not log in to them."""
    with_roles(app)
    person.cloud.deny(OWNER, ENTER, ROOT)
    began = time.monotonic()
    answer = person.user.cynthus("up", app, "-y", timeout=240)
    person.cloud.deny(OWNER)
    return answer, time.monotonic() - began


@pytest.fixture(scope="module")
def came(person: Someone, app: Path, refused: tuple[Ended, float]) -> Ended:
    return person.user.cynthus("up", app, "-y", timeout=240)


def keys(person: Someone) -> list[dict[str, str]]:
    """Those in the profile of the user, as Google tells them."""
    api = Api(person.cloud.endpoint)
    found = api.get("oslogin", f"users/{OWNER}/loginProfile").body.get("sshPublicKeys", {})
    api.close()
    return list(found.values())


def cut(person: Someone) -> None:
    """End the connections that stand, which nobody asks for a role again."""
    person.hosts.host(person.cloud.instances()[0]["name"]).line.cut()


def test_where_a_policy_requires_it_up_says_what_to_write(told_a_key: Ended) -> None:
    assert told_a_key.code == 1, told_a_key
    assert "a policy of the organisation requires OS Login" in told_a_key.err
    assert "write `gcp: {login: oslogin}` in cynthus.yaml" in told_a_key.err
    assert "roles/compute.osAdminLogin" in told_a_key.err


def test_who_may_not_log_in_hears_which_role_it_takes_and_does_not_wait(refused: tuple[Ended, float]) -> None:
    answer, took = refused
    assert answer.code == 1, answer
    assert "you may not log in there" in answer.err
    assert "roles/compute.osAdminLogin" in answer.err
    assert took < 60


def test_with_the_role_the_run_is_the_users_own(came: Ended) -> None:
    assert came.code == 0, came
    assert came.out == f"here as {NAME}\n"


def test_outputs_are_at_home(came: Ended, app: Path) -> None:
    assert (app / "outputs/latest/who.txt").read_text() == NAME


def test_the_key_is_in_the_profile_for_a_day_and_not_in_the_metadata(person: Someone, came: Ended) -> None:
    (key,) = keys(person)
    left = int(key["expirationTimeUsec"]) / 1e6 - time.time()
    assert 12 * 3600 < left <= 24 * 3600
    told = {each["key"]: each["value"] for each in person.cloud.instances()[0]["metadata"]["items"]}
    assert (told["enable-oslogin"], told["block-project-ssh-keys"], "ssh-keys" in told) == ("TRUE", "TRUE", False)


def test_the_state_names_nobody(came: Ended, app: Path) -> None:
    state = json.loads((app / "infra/gcp/compute/terraform.tfstate").read_text())
    assert state["outputs"]["hosts"]["value"][0]["user"] is None


def test_a_second_plan_of_each_root_is_empty(person: Someone, came: Ended, app: Path) -> None:
    answer = person.user.cynthus("plan", app, "--detailed-exitcode")
    assert answer.code == 0, answer


def test_a_command_there_runs_as_the_user(person: Someone, came: Ended, app: Path) -> None:
    answer = person.user.cynthus("exec", app, "--", "id", "-un")
    assert (answer.code, answer.out) == (0, f"{NAME}\n"), answer


def test_a_shell_there_is_the_users(person: Someone, came: Ended, app: Path) -> None:
    answer = person.user.cynthus("ssh", app, "--", "id", "-un")
    assert (answer.code, answer.out) == (0, f"{NAME}\n"), answer


def test_the_log_and_the_outputs_come_again(person: Someone, came: Ended, app: Path) -> None:
    said, pulled = person.user.cynthus("logs", app), person.user.cynthus("pull", app)
    assert (said.code, said.out, pulled.code) == (0, f"here as {NAME}\n", 0), (said, pulled)


def test_a_team_mate_enters_the_same_machine_under_their_own_name(person: Someone, came: Ended, app: Path) -> None:
    person.cloud.token("sim-mate", "mate@example.com", "roles/owner")
    mate = User(person.user.place / "mate", {**person.user.environment, "GOOGLE_OAUTH_ACCESS_TOKEN": "sim-mate"})
    shutil.copytree(app, mate.place / "app", symlinks=True, ignore=shutil.ignore_patterns(".terraform"))
    answer = mate.cynthus("ssh", mate.place / "app", "--", "id", "-un")
    assert (answer.code, answer.out.splitlines()[:1]) == (0, ["mate_example_com"]), answer
    assert len(person.cloud.instances()) == 1


def test_who_may_not_be_root_may_still_look(person: Someone, came: Ended, app: Path) -> None:
    cut(person)
    person.cloud.deny(OWNER, ROOT)
    looked = person.user.cynthus("exec", app, "--", "id", "-un")
    became = person.user.cynthus("exec", app, "--", "sudo", "-n", "true")
    person.cloud.deny(OWNER)
    assert (looked.code, looked.out) == (0, f"{NAME}\n"), looked
    assert became.code != 0, became


def test_a_new_key_opens_the_machine_that_stands(person: Someone, came: Ended, app: Path) -> None:
    new_key(person.user.place / "other", "another desk")
    spec = app / "cynthus.yaml"
    spec.write_text(spec.read_text().replace(f"key: {person.key}", f"key: {person.user.place}/other"))
    answer = person.user.cynthus("run", app, "-y", timeout=240)
    assert answer.code == 0, answer
    assert len(person.cloud.instances()) == 1
    assert len(keys(person)) == 2


def test_a_key_whose_day_is_over_is_put_there_again(person: Someone, came: Ended, app: Path) -> None:
    api = Api(person.cloud.endpoint)
    for key in keys(person):
        assert api.delete("oslogin", key["name"]).status == 200
    api.close()
    answer = person.user.cynthus("status", app)
    assert answer.code == 0, answer
    assert len(keys(person)) == 1


def test_by_hand_the_name_is_said_by_whoever_types(person: Someone, came: Ended, app: Path) -> None:
    words = ("ansible", "-i", "inventory.py", "all", "-m", "command", "-a", "id -un")
    environment = {
        **person.user.shell(), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "CYNTHUS_SSH_USER": NAME,
    }  # fmt: skip
    answer = run(Command(words, cwd=app / "infra/gcp/compute", env=environment), timeout=120)
    assert (answer.returncode, NAME.encode() in answer.stdout) == (0, True), answer


def test_whose_role_was_taken_away_is_not_let_in_any_more(person: Someone, came: Ended, app: Path) -> None:
    cut(person)
    person.cloud.deny(OWNER, ENTER, ROOT)
    answer = person.user.cynthus("exec", app, "--", "true", timeout=240)
    person.cloud.deny(OWNER)
    assert answer.code == 1, answer
    assert "it asks Google whether you may (OS Login)" in answer.err


def test_who_may_not_act_as_the_machines_account_hears_of_that(person: Someone, came: Ended, app: Path) -> None:
    api = Api(person.cloud.endpoint)
    for key in keys(person):
        api.delete("oslogin", key["name"])
    api.close()
    cut(person)
    person.cloud.deny(OWNER, ACT)
    answer = person.user.cynthus("exec", app, "--", "true", timeout=240)
    person.cloud.deny(OWNER)
    assert answer.code == 1, answer
    assert "roles/iam.serviceAccountUser" in answer.err


def test_without_the_api_it_is_said_how_it_is_enabled(person: Someone, came: Ended, app: Path) -> None:
    cut(person)
    person.cloud.project.disable("oslogin.googleapis.com")
    answer = person.user.cynthus("exec", app, "--", "true", timeout=240)
    person.cloud.project.enable("oslogin.googleapis.com")
    assert answer.code == 1, answer
    assert "the Cloud OS Login API is not enabled" in answer.err
    assert "oslogin.googleapis.com" in answer.err


def test_down_and_destroy_leave_nothing(person: Someone, came: Ended, app: Path) -> None:
    answer = person.user.cynthus("destroy", app, "-y", "--discard")
    assert answer.code == 0, answer
    assert person.standing() == {}
