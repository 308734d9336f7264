"""`engine: ray` with the real Ray: examples/ray-sweep, as it stands and on two hosts."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from tests.journeys.machines import spec_on
from tests.journeys.user import EXAMPLES, processes_with, wait_for
from tests.needs import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.host import Host
    from tests.journeys.user import User

pytestmark = pytest.mark.slow  # Ray is 80 MB to download and 290 MB on each host

_ON_EACH = """
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as At
ray.init()
@ray.remote
def work(name):
    import beside
    open(f"outputs/{name}", "w").write(beside.WORD)
    return ray.util.get_node_ip_address()
for node in sorted(ray.nodes(), key=lambda each: each["NodeName"]):
    at = At(node["NodeID"], soft=False)
    print(ray.get(work.options(scheduling_strategy=at).remote(node["NodeName"])))
"""
_HANGS = """
import ray, time
ray.init()
@ray.remote(num_cpus=0.1, scheduling_strategy="SPREAD")
def work(): time.sleep(600)
print("nodes", len(ray.nodes()), flush=True)
work.remote(); work.remote()
time.sleep(600)
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ray and what it needs."""
    folder = tmp_path_factory.mktemp("wheels")
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder))
    # For the Python of the hosts.
    chosen = ("--python-version", "3.11", "--only-binary", ":all:", "ray")
    answer = run(Command((*pip, *chosen)), timeout=600)
    if answer.returncode:
        lacking(f"no package index gives Ray: {answer.stderr.decode(errors='replace').strip()[-200:]}")
    return folder


@pytest.fixture(scope="module")
def machines(bed: Bed, wheels: Path) -> Iterator[list[Host]]:
    made = bed.hosts(2)
    for each in made:
        each.text("apt-get", "update", "-qq")
        each.text("apt-get", "install", "-y", "-qq", "python3-venv")
        shutil.copytree(wheels, each.path("/srv/wheels"))
        # pytest's own folders are for nobody else.
        each.path("/srv/wheels").chmod(0o755)
    yield made
    for each in made:
        bed.remove(each)


def far(user: User, name: str, machines: list[Host], main: str, **keys: object) -> Path:
    requirements = "--no-index\n--find-links /srv/wheels\nray\n"
    spec = spec_on(machines, engine="ray", **keys)
    return user.folder(name, main=main, cynthus_yaml=spec, requirements_txt=requirements)


def of_ray(machines: list[Host]) -> list[str]:
    """What runs of Ray, and what lies in its place."""
    found = "".join(each.text("ps", "-eo", "args") + each.text("ls", "/tmp") for each in machines)
    return [line for line in found.splitlines() if "ray" in line.lower() or line.startswith("cynthus-")]


@pytest.mark.usefixtures("wheels")
def test_the_example_runs_on_this_machine(user: User) -> None:
    folder = shutil.copytree(EXAMPLES / "ray-sweep", user.place / "ray-sweep")
    ended = user.cynthus("up", folder, "-y", timeout=600)
    assert ended.code == 0, ended
    with (folder / "outputs/latest/results.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 16
    assert json.loads((folder / "outputs/latest/best.json").read_text())["accuracy"] > 0.8
    assert not [each for each in processes_with(user.on_host()[0]) if "raylet" in each or "gcs_server" in each]


@pytest.mark.hosts
def test_two_hosts_are_one_cluster(visitor: User, machines: list[Host]) -> None:
    folder = far(visitor, "sweep", machines, (EXAMPLES / "ray-sweep/main.py").read_text())
    ended = visitor.cynthus("up", folder, "-y", timeout=600)
    assert ended.code == 0, ended
    assert json.loads((folder / "outputs/latest/host-0/best.json").read_text())["machines"] == 2
    assert not of_ray(machines)


@pytest.mark.hosts
def test_a_task_finds_modules_and_outputs_on_each_host(visitor: User, machines: list[Host]) -> None:
    folder = far(visitor, "sweep", machines, _ON_EACH)
    (folder / "beside.py").write_text("WORD = 'found'\n")
    ended = visitor.cynthus("up", folder, "-y", timeout=600)
    said = [line for line in ended.out.splitlines() if line.startswith("[host-0] 10.")]
    assert (ended.code, said) == (0, [f"[host-0] {each.internal_address}" for each in machines]), ended
    written = {each.name: each.read_text() for each in (folder / "outputs/latest").glob("*/rank-*")}
    assert written == {"rank-0": "found", "rank-1": "found"}


@pytest.mark.hosts
def test_a_node_that_dies_fails_the_run_and_is_named(visitor: User, machines: list[Host]) -> None:
    folder = far(visitor, "sweep", machines, _HANGS)
    with visitor.typing("up", folder, "-y") as following:
        following.until("nodes 2", timeout=300)
        machines[1].text("pkill", "-KILL", "-x", "raylet")
        ended = following.ended(timeout=120)
    assert (ended.code, "host-1: exit code 1" in ended.err) == (3, True), ended
    assert "the Ray node of this host (rank 1) has ended" in ended.out, ended
    wait_for(lambda: not of_ray(machines))


@pytest.mark.hosts
def test_cancel_leaves_nothing_of_ray_after_supervisors_were_killed(visitor: User, machines: list[Host]) -> None:
    folder = far(visitor, "sweep", machines, _HANGS + "\n")
    with visitor.typing("up", folder, "-y") as following:
        following.until("nodes 2", timeout=300)
        for each in machines:
            newest = each.text("sh", "-c", "ls -d /home/tester/.local/share/cynthus/*/runs/* | tail -n 1").strip()
            known = json.loads(each.text("sh", "-c", f"cat {newest}/attempts/1/*/run.pid"))
            each.text("kill", "-KILL", str(known["supervisor_pid"]))
        assert visitor.cynthus("cancel", folder).code == 0
        assert following.ended(timeout=60).code == 5
    assert not of_ray(machines)
