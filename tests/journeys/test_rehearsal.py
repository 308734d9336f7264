"""`cynthus up --simulate`, with the real provider: a deployment in a cloud that is played, and nothing of it stays."""

from __future__ import annotations

import re
import shutil
import socketserver
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.journeys.test_schemas import complaints
from tests.journeys.user import EXAMPLES, Ended, User
from tests.mirror import configured
from tests.terraform.google import google, mirror_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["google"]  # a fixture

MODULE = "infra/gcp/compute/modules/vm/main.tf"


class Gate(socketserver.ThreadingTCPServer):
    """The only way out of this machine, which is shut: it keeps what was asked of it."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Refusing)


class Refusing(socketserver.StreamRequestHandler):
    """Hears one line and hangs up."""

    def handle(self) -> None:
        assert isinstance(self.server, Gate)
        self.server.asked.append(self.rfile.readline().decode(errors="replace"))


@contextmanager
def shut_in(person: User) -> Iterator[Gate]:
    """Let all that a user starts ask a gate that is shut, except for what is on this machine."""
    with Gate() as gate:
        threading.Thread(target=gate.serve_forever, daemon=True).start()
        way = f"http://127.0.0.1:{gate.server_address[1]}"
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), way)
        person.environment |= {**proxies, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
        yield gate
        gate.shutdown()


def contents(folder: Path) -> dict[str, bytes | None]:
    """All that lies there, by path; folders have None."""
    return {str(each.relative_to(folder)): each.read_bytes() if each.is_file() else None for each in folder.rglob("*")}


@dataclass(frozen=True)
class After:
    """What one rehearsal came to."""

    person: User
    folder: Path
    before: Mapping[str, bytes | None]
    answer: Ended
    asked: list[str]


@pytest.fixture(scope="module")
def person(google: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> User:
    """Somebody who has the provider in a mirror, and credentials that nobody may see."""
    place = tmp_path_factory.mktemp("person")
    secret = {"GOOGLE_OAUTH_ACCESS_TOKEN": "a-real-token", "GOOGLE_APPLICATION_CREDENTIALS": str(place / "none.json")}
    mine = {**configured(place, mirror_of(google)), **secret, "GOGC": google["GOGC"]}
    return User(place, {**mine, "GOOGLE_CLOUD_PROJECT": "my-project"})


@pytest.fixture(scope="module")
def after(person: User) -> After:
    """The example `custom-hardware`, rendered and edited: a module that makes another machine than was asked for."""
    folder = shutil.copytree(EXAMPLES / "custom-hardware", person.place / "custom")
    assert person.cynthus("render", folder).code == 0
    shutil.copy(folder / "hardware/mine.auto.tfvars", folder / "infra/gcp/compute")
    module = folder / MODULE
    edited, count = re.subn(r"machine_type = var\.machine_type", 'machine_type = "n1-standard-8"', module.read_text())
    assert count == 1
    module.write_text(edited)
    before = contents(person.place)
    with shut_in(person) as gate:
        answer = person.cynthus("up", "--simulate", "-y", "--json", folder, timeout=280)
    return After(person, folder, before, answer, gate.asked)


@pytest.mark.cloud
class TestAfter:
    """A rehearsal that went well."""

    def test_it_ends_well_and_says_what_it_was(self, after: After) -> None:
        assert after.answer.code == 0, after.answer
        first = after.answer.err.splitlines()[0]
        assert first == (
            "a rehearsal in a simulated Google Cloud: nothing is made in the real one, and nobody is charged"
        )

    def test_it_shows_the_offer_as_up_does(self, after: After) -> None:
        assert "on n1-standard-4 in us-central1-a: $0.55 an hour" in after.answer.err
        assert re.search(r"^Apply the base: \d+ added", after.answer.err, re.MULTILINE)

    def test_the_users_edit_of_a_module_is_rehearsed(self, after: After) -> None:
        machine = after.answer.document["standing"][0]
        assert re.fullmatch(r"custom-hardware-\w{6}-host-0: n1-standard-8 in us-central1-a, running", machine)

    def test_the_document_is_as_its_schema_says(self, after: After) -> None:
        assert complaints(after.answer.document) == []

    def test_it_speaks_of_the_users_folder_and_project(self, after: After) -> None:
        assert after.answer.document["deployment"]["folder"] == str(after.folder)
        assert after.answer.document["hosts"][0]["connection"]["project"] == "my-project"

    def test_the_folder_is_as_it_was(self, after: After) -> None:
        kept = {path: each for path, each in after.before.items() if path.startswith("custom/")}
        assert {f"custom/{path}": each for path, each in contents(after.folder).items()} == kept

    def test_at_home_there_is_a_cache_more_and_nothing_else(self, after: After) -> None:
        now = contents(after.person.place)
        new = {path for path in now if path not in after.before}
        assert {path for path in new if not path.startswith("home/.cache")} == set()

    def test_nothing_is_deployed(self, after: After) -> None:
        assert after.person.deployments() == []

    def test_no_request_leaves_the_machine(self, after: After) -> None:
        assert after.asked == []


WAYS = {
    "flex-start": ("gpu: L4, flex_start: true, zone: us-central1-a", "g2-standard-4 in us-central1-a (flex-start)"),
    "limited": ("nodes: 2, reservation: lab, zone: us-central1-a", "(reservation lab): $0.28 an hour, at most $9.9"),
    "bound": ("gpu: 'H200:8', reservation: projects/us/reservations/lab, zone: us-central1-b", "a3-ultragpu-8g in us-"),
}
"""What `resources:` says, and a part of the offer."""


@pytest.mark.cloud
@pytest.mark.parametrize("way", WAYS)
def test_a_machine_is_made_however_it_is_bought(person: User, way: str) -> None:
    wish, offered = WAYS[way]
    limits = "limits: {max_cost: 10}\n" if way == "limited" else ""
    folder = person.folder(way, cynthus_yaml=f"target: gcp\nresources: {{{wish}}}\n{limits}")
    answer = person.cynthus("up", "--simulate", "-y", "--json", folder, timeout=280)
    assert answer.code == 0, answer
    assert offered in answer.err
    assert ", running" in answer.document["standing"][0]


@pytest.mark.cloud
def test_without_a_yes_nobody_is_there_to_ask(person: User) -> None:
    answer = person.cynthus("up", "--simulate", app(person, "asked"), timeout=280)
    assert answer.code == 2, answer
    assert "there is no terminal to ask on" in answer.err


@pytest.mark.cloud
def test_what_google_would_refuse_is_refused_in_its_words_and_at_home(person: User) -> None:
    folder = app(person, "refused", gpu="T4:1", zone="us-west1-c")
    answer = person.cynthus("up", "--simulate", "-y", folder, timeout=280)
    assert answer.code == 1, answer
    assert "nvidia-tesla-t4" in answer.err
    assert f"terraform apply failed in {folder}/infra/gcp/compute" in answer.err
    assert "nothing was made in the real cloud" in answer.err
    assert "cynthus-rehearsal-" not in answer.err
    assert not (folder / "infra").exists()


@pytest.mark.parametrize("words", [(), ("--target", "ssh")], ids=["local", "ssh"])
def test_where_nothing_is_made_there_is_nothing_to_rehearse(user: User, words: tuple[str, ...]) -> None:
    answer = user.cynthus("up", "--simulate", user.folder(), *words)
    assert answer.code == 2, answer
    assert "there is nothing to rehearse on the target" in answer.err
    assert "`cynthus plan`" in answer.err


def test_nothing_goes_on_after_it(user: User) -> None:
    answer = user.cynthus("up", "--simulate", "--detach", user.folder())
    assert answer.code == 2, answer
    assert "leave out --detach" in answer.err


def test_what_boots_its_hosts_boots_none_of_the_real_cloud(user: User) -> None:
    answer = user.cynthus("up", "--hosts", "my_hosts:Rooms", user.folder())
    assert answer.code == 2, answer
    assert "add --simulate" in answer.err


def test_an_older_version_has_no_part_in_it(user: User) -> None:
    answer = user.cynthus("up", "--simulate", "--version", "3f2a91c0", user.folder())
    assert answer.code == 2, answer
    assert "leave out --version" in answer.err


def app(person: User, name: str, **resources: str) -> Path:
    """A folder with an app that was never rendered."""
    folder = person.place / name
    folder.mkdir()
    (folder / "main.py").write_text("print(1)\n")
    asked = ", ".join(f'{key}: "{value}"' for key, value in {"zone": "us-central1-a", **resources}.items())
    (folder / "cynthus.yaml").write_text(f"target: gcp\nresources: {{{asked}}}\n")
    return folder
