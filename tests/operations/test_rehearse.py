"""`up --simulate` in a cloud that is simulated and with a Terraform that makes nothing: how far it goes, and what it
does not begin."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.names import BACKEND
from cynthus.errors import ConfirmationNeeded, UsageError
from cynthus.operations.app import load_app
from cynthus.operations.elsewhere import unasked
from cynthus.operations.rehearse import Rehearsal, Rehearsed, rehearse
from cynthus.operations.site import Site
from cynthus.operations.up import Request
from cynthus.testing.gcp.stage import GcpStage, stage
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPEC = "name: weather\ntarget: gcp\nresources: {zone: us-central1-a}\n"
LOCK = 'provider "registry.example.com/hashicorp/google" {\n}\nprovider "registry.example.com/example/cloud" {\n}\n'
STARTS = 'resource "terraform_data" "mine" {\n  provisioner "local-exec" {\n    command = "true"\n  }\n}\n'


class Theatre:
    """A folder of its own, with an app in it, and a cloud that is played."""

    def __init__(self, place: Path, played: GcpStage) -> None:
        self.played = played
        self.workshop = Workshop(place, **played.environment)
        self.folder = self.workshop.folder(spec=SPEC)
        self.root = self.folder / "infra/gcp/compute"

    def add(self, file: str, text: str) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / file).write_text(text)

    def says(self, more: str) -> None:
        """In cynthus.yaml."""
        (self.folder / "cynthus.yaml").write_text(SPEC + more)

    def rehearse(self, *, yes: bool = True) -> Rehearsed:
        app = load_app(self.workshop.tools, str(self.folder))
        app = replace(app, spec=self.played.rehearsed(app.spec))
        rehearsal = Rehearsal(app, self.played, Request(yes=yes), self.folder, self.folder)
        return rehearse(self.workshop.tools, rehearsal)

    @property
    def calls(self) -> list[str]:
        """What Terraform was asked for."""
        return self.workshop.terraform.calls

    @property
    def said(self) -> str:
        return "\n".join(self.workshop.progress.notes)


@contextmanager
def playing(place: Path) -> Iterator[Theatre]:
    """What a real user has in the environment is not what is played."""
    workshop = Workshop(place / "user")
    (place / "user").mkdir()
    spec = load_app(workshop.tools, str(workshop.folder(spec=SPEC))).spec
    (place / "stage").mkdir()
    with stage(spec, workshop.tools.settings.environment, place / "user/app", place / "stage") as played:
        (place / "rehearsal").mkdir()
        yield Theatre(place / "rehearsal", played)


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[Theatre]:
    with playing(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Theatre, Rehearsed]]:
    """After a rehearsal that several tests look at: data lies elsewhere, and the state is to lie in a bucket."""
    with playing(tmp_path_factory.mktemp("over")) as made:
        made.says("data: [hf://datasets/example/set]\ngcp: {state: gs://states/here}\n")
        yield made, made.rehearse()


def test_every_root_is_planned_and_applied(over: tuple[Theatre, Rehearsed]) -> None:
    assert [verb for verb in over[0].calls if verb in ("plan", "apply")] == ["plan", "plan", "apply", "apply"]


def test_it_gives_the_hosts_that_would_stand(over: tuple[Theatre, Rehearsed]) -> None:
    assert [host.name for host in over[1].hosts] == ["local"]


def test_no_run_is_made(over: tuple[Theatre, Rehearsed]) -> None:
    assert over[1].site.runs.newest() is None


def test_data_elsewhere_is_named_and_its_place_not_asked(over: tuple[Theatre, Rehearsed]) -> None:
    assert "not looked at in a rehearsal: hf://datasets/example/set" in over[0].said


def test_the_key_in_the_files_is_the_users_and_what_machines_are_told_is_not(over: tuple[Theatre, Rehearsed]) -> None:
    theatre, rehearsed = over
    assert json.loads((theatre.root / "terraform.tfvars.json").read_text())["key"] == "~/.ssh/cynthus"
    assert "rehearsal" in json.loads(rehearsed.site.paths.runtime_tfvars.read_text())["ssh_keys"][0]


def test_the_state_is_not_in_the_users_bucket(over: tuple[Theatre, Rehearsed]) -> None:
    assert not (over[0].root / BACKEND).exists()


def test_data_that_was_rendered_is_as_its_place_said_then(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    app = load_app(workshop.tools, str(workshop.folder(spec="data: [hf://datasets/example/set]\n")))
    site = Site(app.folder, "local", "app-0a1b2c", "app", None)
    (entry,) = app.data
    pinned = {**entry["fetch"], "pin": "1234567", "size": 5}
    site.root().mkdir(parents=True)
    (site.root() / "run.json").write_text(json.dumps({"data": [{**entry, "fetch": pinned}]}))
    found, left_out = unasked(app, site)
    assert ([each["fetch"] for each in found.data], left_out) == ([pinned], ())


def test_without_a_yes_nothing_is_applied(theatre: Theatre) -> None:
    with pytest.raises(ConfirmationNeeded):
        theatre.rehearse(yes=False)
    assert "apply" not in theatre.calls


def test_a_provider_of_another_place_is_refused_before_it_is_asked_anything(theatre: Theatre) -> None:
    theatre.add(".terraform.lock.hcl", LOCK)
    with pytest.raises(UsageError, match="infra/gcp/compute also has what example/cloud would make for real"):
        theatre.rehearse()
    assert "plan" not in theatre.calls


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("mine.tf", STARTS),
        ("mine.tofu", STARTS),
        ("mine.tf.json", json.dumps({"resource": {"x": {"provisioner": {"local-exec": {}}}}})),
    ],
)
def test_so_is_a_program_that_terraform_would_start(theatre: Theatre, file: str, text: str) -> None:
    theatre.add(file, text)
    with pytest.raises(UsageError, match="has a provisioner"):
        theatre.rehearse()
    assert "plan" not in theatre.calls


def test_so_is_one_of_a_module_beside_the_rendered_files(theatre: Theatre) -> None:
    module = theatre.folder / "modules"
    module.mkdir()
    (module / "main.tf").write_text(STARTS)
    listed = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "mine", "Dir": "../../../modules"}]}
    (theatre.root / ".terraform/modules").mkdir(parents=True)
    theatre.add(".terraform/modules/modules.json", json.dumps(listed))
    with pytest.raises(UsageError, match=r"modules/main\.tf has a provisioner"):
        theatre.rehearse()


def test_a_comment_about_provisioners_is_none(theatre: Theatre) -> None:
    theatre.add("mine.tf", '# No provisioner "local-exec" here.\n')
    assert theatre.rehearse().hosts


def test_a_host_that_is_not_reached_through_that_clouds_proxy_is_not_entered(theatre: Theatre) -> None:
    theatre.played.boots = True
    with pytest.raises(UsageError, match=r"local is reached at .*, past a simulated Google Cloud"):
        theatre.rehearse()
    assert "Wait for the hosts" not in theatre.workshop.progress.steps


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("ansible/playbooks/mine.yml", "- hosts: elsewhere\n"),
        ("ansible/roles/mine/tasks/main.yml", "- command: rm x\n  delegate_to: localhost\n"),
        ("group_vars/all.yml", "ansible_host: 192.0.2.1\n"),
    ],
)
def test_a_play_of_the_users_that_goes_elsewhere_is_refused_before_anything_is_planned(
    theatre: Theatre, file: str, text: str
) -> None:
    theatre.played.boots = True
    (theatre.root / file).parent.mkdir(parents=True)
    theatre.add(file, text)
    with pytest.raises(UsageError, match=f"{file}, as you edited it, may reach other machines"):
        theatre.rehearse()
    assert "plan" not in theatre.calls


def test_one_that_keeps_to_the_hosts_is_not(theatre: Theatre) -> None:
    theatre.played.boots = True
    (theatre.root / "ansible/playbooks").mkdir(parents=True)
    theatre.add("ansible/playbooks/mine.yml", "- hosts: cynthus\n  tasks: []\n")
    with pytest.raises(UsageError, match="past a simulated Google Cloud"):
        theatre.rehearse()
    assert "apply" in theatre.calls


def test_where_nothing_boots_they_are_no_matter(theatre: Theatre) -> None:
    (theatre.root / "ansible").mkdir(parents=True)
    theatre.add("ansible/mine.yml", "- hosts: elsewhere\n")
    assert theatre.rehearse().run is None
