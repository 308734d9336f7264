"""The example `gitops`: its pipeline makes and removes machines in a simulated cloud with the real provider, and the
state lies in a bucket. Each test builds on those before it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.process import Command, Completed, run
from cynthus.testing.gcp import SimulatedCloud
from tests.gcp.api import Api
from tests.needs import lacking
from tests.render.folders import ID, gcp
from tests.terraform.google import google

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["google"]  # a fixture

pytestmark = pytest.mark.cloud

EXAMPLE = Path(__file__).parents[2] / "examples/gitops"
UBUNTU = "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64"


@dataclass(frozen=True)
class Repository:
    """A checkout of it, with what a pipeline has around it."""

    folder: Path
    cloud: SimulatedCloud
    environment: Mapping[str, str]

    def pipeline(self, *words: str) -> Completed:
        command = Command(("bash", str(self.folder / "pipeline.sh"), *words), env=self.environment)
        return run(command, timeout=200)

    def terraform(self, root: str, *words: str) -> Completed:
        folder = self.folder / "infra/gcp" / root
        return run(Command(("terraform", *words, "-no-color"), cwd=folder, env=self.environment), timeout=200)

    def plan(self, *words: str) -> Completed:
        """Of the machines, by hand: exit code 0 where there is nothing to do, 2 where there is."""
        return self.terraform("compute", "plan", "-detailed-exitcode", *words)


@pytest.fixture(scope="module")
def repository(google: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    terraform = shutil.which("terraform")
    if terraform is None:
        lacking("no terraform on PATH, and a pipeline types that")
    place = tmp_path_factory.mktemp("gitops")
    folder, key = place / "repository", place / "key"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("infra", "outputs", ".cynthus"))
    commit(folder, key)
    (place / "key.pub").write_text("ssh-ed25519 AAAAC3NzaC1lZDI1 me@desk\n")
    cloud = SimulatedCloud(place / "cloud", latency=0.2)
    with cloud.serving():
        Api(cloud.endpoint).post("storage", "b", {"name": "my-states", "location": "US-CENTRAL1"}, project="rehearsal")
        cloud.token("of-the-pipeline", "deployer@rehearsal.iam.gserviceaccount.com", *roles())
        # With this one Google's library for Go sends no token, and the state is a secret.
        spoken = cloud.environment("of-the-pipeline")
        del spoken["STORAGE_EMULATOR_HOST"]
        path = os.pathsep.join((str(Path(terraform).parent), str(Path(sys.executable).parent), os.environ["PATH"]))
        yield Repository(folder, cloud, {**google, **spoken, "SSH_KEY": str(key), "PATH": path})


def roles() -> list[str]:
    """Those that the README has somebody give to the pipeline."""
    found = re.search(r"for role in (.*?); do", (EXAMPLE / "README.md").read_text(), re.DOTALL)
    assert found is not None
    return [f"roles/{role}" for role in found[1].split() if role != "\\"]


def commit(folder: Path, key: Path) -> None:
    """What `cynthus render` writes for the example, for machines that are reached from within their network."""
    for root in ("base", "compute"):
        state = {"bucket": "my-states", "prefix": f"apps/{ID}/{root}"}
        way: dict[str, Any] = {"access": "internal", **({"key": str(key)} if root == "compute" else {})}
        for path, content in gcp(root, backend=state, **way).files.items():
            file = folder / "infra/gcp" / root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o755 if content.startswith(b"#!") else 0o644)


def told(answer: Completed) -> str:
    """What it printed, without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", answer.stdout.decode() + answer.stderr.decode())


def test_without_a_word_it_says_what_it_can_do(repository: Repository) -> None:
    answer = repository.pipeline()
    assert (answer.returncode, b"./pipeline.sh apply" in answer.stderr) == (2, True)


def test_apply_makes_what_lasts_and_the_machine(repository: Repository) -> None:
    answer = repository.pipeline("apply")
    assert answer.returncode == 0, told(answer)
    (machine,) = repository.cloud.instances()
    assert machine["name"] == f"{ID}-host-0"
    assert {item["key"] for item in machine["metadata"]["items"]} >= {"ssh-keys", "block-project-ssh-keys"}


def test_both_states_are_in_the_bucket_and_neither_is_in_the_folder(repository: Repository) -> None:
    listed = Api(repository.cloud.endpoint).get("storage", "b/my-states/o")["items"]
    assert [each["name"] for each in listed] == [f"apps/{ID}/{root}/default.tfstate" for root in ("base", "compute")]
    assert not list(repository.folder.glob("infra/gcp/*/*.tfstate"))


def test_a_second_plan_of_each_root_is_empty(repository: Repository) -> None:
    answer = repository.pipeline("plan")
    assert told(answer).count("No changes.") == 2, told(answer)


def test_ansible_is_told_of_the_machine(repository: Repository) -> None:
    assert "host-0" in told(repository.pipeline("deploy", "--list-hosts"))


@pytest.mark.parametrize("values", [{}, {"owner": "joe", "expires": "2026-11-30", "ssh_keys": ["joe:ssh-rsa AAAA"]}])
def test_what_is_known_only_where_somebody_applies_makes_no_difference(
    repository: Repository, tmp_path: Path, values: Mapping[str, object]
) -> None:
    (tmp_path / "runtime.json").write_text(json.dumps(values))
    answer = repository.plan(f"-var-file={tmp_path / 'runtime.json'}")
    assert answer.returncode == 0, told(answer)


def test_another_image_makes_the_machine_anew(repository: Repository) -> None:
    said = told(repository.plan(f"-var=image={UBUNTU}"))
    assert "vm will be replaced due to changes in replace_triggered_by" in said
    assert "itself will be replaced due to changes in replace_triggered_by" in said


def test_a_label_more_is_put_on_the_machine_that_stands(repository: Repository) -> None:
    file = repository.folder / "infra/gcp/compute/main.tf"
    file.write_text(file.read_text().replace("= local.labels", '= merge(local.labels, { team = "rain" })'))
    answer = repository.terraform("compute", "apply", "-auto-approve", "-var=owner=joe")
    assert "0 added, 1 changed, 0 destroyed" in told(answer), told(answer)
    (machine,) = repository.cloud.instances()
    assert (machine["labels"]["team"], "cynthus-owner" in machine["labels"]) == ("rain", False)


def test_destroy_removes_the_machine_and_leaves_what_lasts(repository: Repository) -> None:
    answer = repository.pipeline("destroy")
    assert answer.returncode == 0, told(answer)
    left = repository.cloud.resources()
    assert not left.get("instances")
    assert not left.get("disks")
    assert {f"cynthus-{ID}-in", f"cynthus-{ID}-out"} < set(left["buckets"])


def test_what_lasts_can_be_destroyed_too(repository: Repository) -> None:
    answer = repository.terraform("base", "destroy", "-auto-approve")
    assert answer.returncode == 0, told(answer)
    left = repository.cloud.resources()
    assert [key for kind, keys in left.items() if kind != "operations" for key in keys if ID in key] == []
