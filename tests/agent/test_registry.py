"""The image of an environment in a registry: put there once, and fetched from there in the place of a build."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent.prune import SPARE

if TYPE_CHECKING:
    from tests.agent.host import Host
    from tests.agent.machines import Machines
    from tests.docker_engine import DockerEngine
    from tests.image_registry import ImageRegistry

pytestmark = pytest.mark.engine
OF_ARM = """\
#!/bin/sh
case "$*" in
  "version --format {{{{.Server.Arch}}}}") echo arm64; exit 0 ;;
esac
exec {docker} "$@"
"""
"""A command line whose engine says that it is for other machines."""
OF_A_LIST = """\
#!/bin/sh
case "$1" in
  pull) echo "Error response from daemon: {said}" >&2; exit 1 ;;
esac
exec {docker} "$@"
"""
"""A command line whose engine finds a list of images without one for it."""
READS = "print(open('/word').read(), end='')"


def state(answer: dict[str, Any]) -> str:
    return str(answer["registry"]["state"])


def problem(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer["registry"]["problem"]
    return found


def image_id(engine: DockerEngine, answer: dict[str, Any]) -> str:
    return engine.lines("image", "inspect", "--format", "{{.Id}}", str(answer["image"]))[0]


def with_docker(host: Host, place: Path, text: str) -> None:
    """Have that script in the place of `docker` there."""
    script = place / "bin/docker"
    script.parent.mkdir()
    script.write_text(text)
    script.chmod(0o755)
    host.environment["PATH"] = f"{script.parent}:{host.environment['PATH']}"


def test_what_was_built_is_put_there_under_its_hash(machines: Machines, registry: ImageRegistry) -> None:
    made = machines.new().ask("environment")
    assert (state(made), registry.tags(machines.name)) == ("pushed", [made["environment"]]), made
    assert made["registry"]["name"] == f"{registry.address}/{machines.name}:{made['environment']}"


def test_another_machine_fetches_it_and_builds_nothing(
    machines: Machines, registry: ImageRegistry, docker_engine: DockerEngine
) -> None:
    first = machines.new().ask("environment")
    other = machines.new()
    second = other.ask("environment")
    assert (state(second), registry.written(machines.name)) == ("pulled", 1)
    assert image_id(docker_engine, second) == image_id(docker_engine, first)
    other.end(READS)
    assert other.log == "in the image\n"


def test_what_is_known_to_be_there_is_not_asked_about(machines: Machines, registry: ImageRegistry) -> None:
    host = machines.new()
    host.ask("environment")
    before = len(registry.asked())
    host.file("main.py", "print('changed')")
    assert (state(host.ask("environment")), len(registry.asked())) == ("there", before)


def test_an_image_that_went_is_fetched_again(
    machines: Machines, registry: ImageRegistry, docker_engine: DockerEngine
) -> None:
    host = machines.new()
    made = host.ask("environment")
    docker_engine.docker("image", "rm", str(made["image"]))
    again = host.ask("environment")
    assert (state(again), again["environment"], registry.written(machines.name)) == ("pulled", made["environment"], 1)


def test_what_somebody_put_there_meanwhile_stays_and_counts(
    machines: Machines, registry: ImageRegistry, docker_engine: DockerEngine
) -> None:
    builder, other = machines.new(), machines.new()
    builder.document["repository"] = None
    alone = builder.ask("environment")
    first = other.ask("environment")
    builder.document["repository"] = other.document["repository"]
    then = builder.ask("environment")
    assert (then["image"], registry.written(machines.name)) == (alone["image"], 1)
    assert image_id(docker_engine, then) == image_id(docker_engine, first)


def test_a_wrong_password_keeps_nobody_from_running(machines: Machines, registry: ImageRegistry) -> None:
    host = machines.new(logged_in=False)
    registry.log_in(Path(host.environment["DOCKER_CONFIG"]), "wrong")
    host.end(READS)
    told = problem(host.ask("environment"))
    assert (host.log, told["code"], registry.tags(machines.name)) == ("in the image\n", "CYN-152", [])
    assert f"docker login {registry.address}" in told["hint"]


def test_a_registry_that_is_down_keeps_nobody_from_running(machines: Machines, registry: ImageRegistry) -> None:
    host = machines.new()
    registry.front.break_now()
    host.end(READS)
    told = problem(host.ask("environment"))
    assert (host.log, told["code"]) == ("in the image\n", "CYN-523"), told


@pytest.mark.parametrize("busy", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["busy", "down"])
def test_a_push_that_is_cut_off_leaves_no_name_and_is_made_up_for_without_a_build(
    machines: Machines, registry: ImageRegistry, docker_engine: DockerEngine, *, busy: bool
) -> None:
    host = machines.new()
    # A layer that the registry has not got from another test.
    host.file("word", os.urandom(100_000).hex())
    registry.front.break_at(b"PATCH /v2/", busy=busy)
    cut = host.ask("environment")
    assert (state(cut), problem(cut)["code"], registry.tags(machines.name)) == ("failed", "CYN-523", []), cut
    registry.front.mend()
    made = host.ask("environment")
    assert (state(made), made["changed"]) == ("pushed", False), made
    assert registry.tags(machines.name) == [made["environment"]]
    assert image_id(docker_engine, made) == image_id(docker_engine, cut)


def test_an_image_for_other_machines_is_neither_used_nor_overwritten(
    machines: Machines, registry: ImageRegistry, docker_engine: DockerEngine, tmp_path: Path
) -> None:
    host = machines.new()
    host.document["repository"] = None
    name = host.ask("environment")["environment"]
    host.ask("remove")
    (tmp_path / "empty.tar").write_bytes(b"\0" * 10240)
    registry.depot.put(f"{machines.name}:{name}", tmp_path / "empty.tar", "s390x")
    before = registry.depot.digest(f"{machines.name}:{name}")
    host.document["repository"] = f"{registry.address}/{machines.name}"
    made = host.ask("environment")
    assert "s390x" in problem(made)["message"]
    assert registry.depot.digest(f"{machines.name}:{name}") == before
    host.end(READS)
    assert host.log == "in the image\n"


@pytest.mark.parametrize("said", [
    "no matching manifest for linux/amd64 in the manifest list entries",
    "failed to resolve reference: no match for platform in manifest: not found",
])
def test_a_list_of_images_for_other_machines_is_not_overwritten(
    machines: Machines, registry: ImageRegistry, tmp_path: Path, said: str
) -> None:
    host = machines.new()
    with_docker(host, tmp_path, OF_A_LIST.format(docker=shutil.which("docker"), said=said))
    made = host.ask("environment")
    assert ("for other machines" in problem(made)["message"], registry.tags(machines.name)) == (True, [])


def test_where_nothing_is_installed_nothing_is_put_there(machines: Machines, registry: ImageRegistry) -> None:
    made = machines.new(dockerfile=None).ask("environment")
    assert (made["registry"], registry.tags(machines.name)) == (None, [])


def test_for_another_architecture_it_has_another_name(
    machines: Machines, registry: ImageRegistry, tmp_path: Path
) -> None:
    host = machines.new()
    with_docker(host, tmp_path, OF_ARM.format(docker=shutil.which("docker")))
    made = host.ask("environment")
    assert registry.tags(machines.name) == [f"{made['environment']}-arm64"], made
    assert state(host.ask("environment")) == "there"


def test_removal_leaves_what_the_registry_has(machines: Machines, registry: ImageRegistry) -> None:
    host = machines.new()
    made = host.ask("environment")
    host.ask("remove")
    assert registry.tags(machines.name) == [made["environment"]]


def test_a_name_that_was_cut_off_here_goes_with_the_deployment(
    machines: Machines, docker_engine: DockerEngine
) -> None:
    host = machines.new()
    made = host.ask("environment")
    # As if the agent had been killed right before it took the name away; the fixture looks whether it went.
    docker_engine.docker("tag", str(made["image"]), str(made["registry"]["name"]))
    host.ask("remove")
    assert docker_engine.lines("image", "ls", "--quiet", str(made["registry"]["name"])) == []


def no_longer_wanted(host: Host, made: dict[str, Any]) -> None:
    """Have others that were wanted later, so that `prune` takes this one."""
    record = host.home.environments / f"{made['environment']}.image"
    for number in range(SPARE):
        shutil.copy(record, record.with_name(f"{number}.image"))
    os.utime(record, (0, 0))


def test_a_name_that_was_cut_off_here_goes_with_its_pruned_image(
    machines: Machines, docker_engine: DockerEngine
) -> None:
    host = machines.new()
    made = host.ask("environment")
    docker_engine.docker("tag", str(made["image"]), str(made["registry"]["name"]))
    no_longer_wanted(host, made)
    assert host.ask("prune")["environments"] == [made["environment"]]
    assert docker_engine.lines("image", "ls", "--quiet", str(made["registry"]["name"])) == []


def test_a_pruned_image_is_fetched_again(machines: Machines) -> None:
    host = machines.new()
    made = host.ask("environment")
    no_longer_wanted(host, made)
    assert host.ask("prune")["environments"] == [made["environment"]]
    assert list(host.home.environments.glob("*.registry")) == []
    assert state(host.ask("environment")) == "pulled"
