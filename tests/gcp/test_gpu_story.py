"""The example gpu-train, from its folder to a finished run on a machine with a GPU, and back to nothing: the real
provider, a simulated cloud, a real registry. Each test goes on where the one before it stopped.

The GPU is a stand-in, and PyTorch is not installed: the example trains in plain Python then."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from tests.agent.wheels import wheel
from tests.bed.gpu import HOOK, HOOK_NAME, IMAGE, give_gpu, on_the_bus, program
from tests.gcp.api import Api
from tests.gcp.pkg_dev import PkgDev, shelf
from tests.gcp.someone import Someone, someone
from tests.journeys.user import EXAMPLES, REPOSITORY
from tests.terraforms import installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.host import Host
    from tests.journeys.user import Ended

pytestmark = [pytest.mark.hosts, pytest.mark.cloud]

REGISTRY = "us-central1-docker.pkg.dev"
LASTS = {"accounts": 1, "buckets": 2, "firewalls": 2, "networks": 1, "repositories": 1, "routers": 1, "subnetworks": 1}
"""What outlives a machine."""
WHO, TOKEN = "anna@example.com", "anna-s-token"
"""Who deploys. They have the roles that the manual names, and no other."""
PERMISSIONS = REPOSITORY / "docs/how-to/give-permissions-on-google-cloud.md"


@pytest.fixture(scope="module")
def machines(bed: Bed, base_tar: Path) -> Iterator[list[Host]]:
    """Two with a GPU, as Canonical's image with the driver has them; the images that they would fetch are there."""
    made = bed.hosts(2, docker=True)
    for each in made:
        give_gpu(each, base_tar)
        program(each, HOOK_NAME, HOOK)
        on_the_bus(each)
        for name in ("ubuntu:24.04", "base:1"):
            each.text("docker", "tag", IMAGE, name)
    yield made
    for each in made:
        bed.remove(each)


@pytest.fixture(scope="module")
def person(
    machines: list[Host], google: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Someone]:
    place = tmp_path_factory.mktemp("somebody")
    with someone(place, google, machines) as made, shelf(place / "shelf") as behind:
        pkg_dev = PkgDev(made.cloud, place, behind, REGISTRY)
        made.hosts.ways.append(pkg_dev.brought)
        made.cloud.token(TOKEN, WHO, *sorted(documented("Who deploys", "roles/[\\w.]+")))
        made.user.environment |= made.cloud.environment(TOKEN)
        yield made


@pytest.fixture(scope="module")
def app(person: Someone) -> Path:
    """The example, with a base and a package that come from no network."""
    folder = shutil.copytree(EXAMPLES / "gpu-train", person.user.place / "gpu-train")
    with open(folder / "cynthus.yaml", "a") as spec:
        spec.write(f'image: {{base: "base:1"}}\ngcp: {{key: {person.key}}}\n')
    wheel(folder / "wheels", "tiny")
    (folder / "requirements.txt").write_text("./wheels/tiny-1.0-py3-none-any.whl\n")
    return folder


@pytest.fixture(scope="module")
def first(person: Someone, app: Path) -> Ended:
    return person.user.cynthus("up", app, "-y", timeout=240)


@pytest.fixture(scope="module")
def made(person: Someone, first: Ended) -> str:
    """The image that the first machine has built."""
    assert first.code == 0, first
    return environment(person)


def one_that_stands(person: Someone) -> Host:
    (machine,) = person.cloud.instances()
    return person.hosts.host(machine["name"])


def environment(person: Someone) -> str:
    """The image that the machine runs the app in; one that is built again is another one."""
    listing = ("docker", "image", "ls", "--quiet", "--no-trunc", f"cynthus/{image(person).split('/')[2]}")
    return one_that_stands(person).text(*listing).strip()


def image(person: Someone) -> str:
    """What the repository is called, as Docker names it."""
    (repository,) = person.cloud.resources()["repositories"]
    _, project, _, _, _, name = repository.split("/")
    return f"{REGISTRY}/{project}/{name}/gpu-train"


def account(person: Someone) -> str:
    (found,) = person.cloud.resources()["accounts"]
    return found


def as_the_machine(person: Someone, host: Host, *words: str) -> str:
    """What Docker comes to on a machine with the token of the machine's own account."""
    login = ("docker", "login", "--username", "oauth2accesstoken", "--password-stdin", REGISTRY)
    host.text(*login, stdin=f"sim-{account(person)}".encode())
    answer = host.run("docker", *words)
    host.text("docker", "logout", REGISTRY)
    return "" if answer.returncode == 0 else answer.stderr.decode()


def documented(heading: str, what: str = r"\w+\.\w+\.\w+") -> set[str]:
    """The permissions that the tables of the manual name below a heading, or what else they do."""
    section = PERMISSIONS.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return set(re.findall(f"`({what})`", "\n".join(rows)))


def test_one_command_goes_from_the_folder_to_the_log(first: Ended) -> None:
    assert first.code == 0, first
    begin, *_, end = first.out.splitlines()
    assert (begin, end.startswith("epoch 30/30  0.9")) == ("GPU 0: NVIDIA L4 (UUID: GPU-0)", True)


def test_the_machine_is_the_smallest_with_one_l4(person: Someone, first: Ended) -> None:
    (machine,) = person.cloud.instances()
    assert machine["machineType"].endswith("/us-central1-a/machineTypes/g2-standard-4"), first
    assert "g2-standard-4 in us-central1-a" in first.err


def test_outputs_are_in_the_bucket(person: Someone, app: Path) -> None:
    sync = person.deployment(app)["host_reports"][0]["status"]["sync"]
    assert (sync["state"], sync["files_behind"]) == ("saved", 0), sync
    there = Api(person.cloud.endpoint)
    listed = there.get("storage", f"b/{sync['bucket'].removeprefix('gs://')}/o")
    there.close()
    names = [each["name"] for each in listed["items"]]
    assert {name.rpartition("/")[2] for name in names if "/outputs/" in name} == {"metrics.json", "model.json"}, names


def test_the_image_is_in_the_deployments_own_repository(person: Someone, made: str) -> None:
    host = one_that_stands(person)
    assert as_the_machine(person, host, "pull", "--all-tags", image(person)) == ""
    assert host.text("docker", "image", "ls", "--quiet", "--no-trunc", image(person)).split() == [made]


@pytest.mark.parametrize("root", ["base", "compute"])
def test_a_second_plan_is_empty(person: Someone, app: Path, root: str) -> None:
    argv = (*installed()[0].argv, "plan", "-detailed-exitcode", "-input=false", "-no-color")
    answer = run(Command(argv, cwd=app / "infra/gcp" / root, env=person.user.shell()), timeout=120)
    assert answer.returncode == 0, answer


def test_when_its_time_is_up_nothing_is_left_that_bills_by_the_hour(person: Someone) -> None:
    person.cloud.advance(3600)
    assert person.standing() == LASTS


def test_another_machine_fetches_the_image_and_builds_none(person: Someone, app: Path, made: str) -> None:
    answer = person.user.cynthus("run", app, "-y", "--detach", "--", "--epochs", "20", timeout=240)
    assert answer.code == 0, answer
    assert environment(person) == made


def test_its_log_is_followed_to_the_end(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("logs", app, "--follow")
    assert (answer.code, "epoch 20/20" in answer.out) == (0, True), answer


def test_pull_brings_the_outputs_home(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("pull", app)
    assert answer.code == 0, answer
    metrics = json.loads((app / "outputs/latest/metrics.json").read_text())
    assert (metrics["epochs"], metrics["gpus"]) == (20, ["GPU 0: NVIDIA L4 (UUID: GPU-0)"])


def test_the_machines_own_account_may_fetch_the_image_and_not_change_it(person: Someone) -> None:
    host = one_that_stands(person)
    assert as_the_machine(person, host, "pull", "--all-tags", image(person)) == ""
    host.text("docker", "tag", "base:1", f"{image(person)}:mine")
    refused = as_the_machine(person, host, "push", f"{image(person)}:mine")
    assert 'Permission "artifactregistry.repositories.uploadArtifacts" denied' in refused
    host.text("docker", "image", "rm", f"{image(person)}:mine")


def test_the_machine_used_no_permission_that_the_manual_does_not_name(person: Someone) -> None:
    used = person.cloud.permissions(account(person))
    assert used
    assert sorted(used - documented("The machine")) == []


def test_destroy_leaves_nothing(person: Someone, app: Path) -> None:
    answer = person.user.cynthus("destroy", app, "-y")
    assert answer.code == 0, answer
    assert person.standing() == {}
    assert person.user.deployments() == []


def test_who_deploys_used_no_permission_that_the_manual_does_not_name(person: Someone) -> None:
    used = person.cloud.permissions(WHO)
    assert used
    assert sorted(used - documented("Who deploys")) == []


def test_no_login_is_left_anywhere(person: Someone, app: Path) -> None:
    answer = run(Command(("grep", "-rlF", "-e", TOKEN, str(app), str(person.user.home))))
    assert answer.stdout == b""
