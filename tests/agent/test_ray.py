"""A run in a Ray cluster as a container, and with the real Ray."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from tests.agent.host import until
from tests.needs import lacking

if TYPE_CHECKING:
    from tests.agent.host import Host

FAKE = Path(__file__).parent / "fake_ray"
SAYS_WHERE = "import os; print('main at', os.environ['RAY_ADDRESS'], os.getuid(), flush=True)\n"
REAL = """
import os, ray, time, beside
ray.init()
@ray.remote(num_cpus=0.1)
def triple(number): return beside.FACTOR * number
print("sum", sum(ray.get([triple.remote(number) for number in range(4)])), flush=True)
print("gpus", ray.cluster_resources().get("GPU", 0), flush=True)
"""


@pytest.fixture
def in_container(container_host: Host) -> Host:
    """A host whose runs are containers with the stand-in for Ray."""
    shutil.copytree(FAKE, container_host.folder / "fake", ignore=shutil.ignore_patterns("__pycache__"))
    container_host.spec(engine="ray", env={"PATH": "/app/fake/bin:/usr/bin:/bin", "FAKE_RAY_NOTES": "/app/outputs"})
    return container_host


@pytest.mark.engine
def test_in_a_container_main_py_has_a_cluster(in_container: Host) -> None:
    ended = in_container.end(SAYS_WHERE)
    assert (ended["exit_code"], in_container.log.startswith("main at 127.0.0.1:")) == (0, True), in_container.log


@pytest.mark.engine
def test_in_a_container_main_pys_failure_is_the_runs(in_container: Host) -> None:
    assert in_container.end("import sys; sys.exit(7)")["exit_code"] == 7, in_container.log


@pytest.mark.engine
def test_in_a_container_main_py_is_told_to_end(in_container: Host) -> None:
    saves = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (print('saved', flush=True), sys.exit(0)))\n"
    in_container.begin(f"{saves}{SAYS_WHERE}import time; time.sleep(600)\n", stop_grace=10)
    in_container.prints("main at")
    in_container.ask("stop")
    assert "saved" in in_container.log


@pytest.fixture
def with_ray(host: Host, tmp_path: Path) -> Host:
    """A host that has what Ray needs; it is installed anew for each."""
    folder = str(tmp_path / "wheels")
    answer = run(Command((sys.executable, "-m", "pip", "download", "--quiet", "--dest", folder, "ray")), timeout=600)
    if answer.returncode:
        lacking(f"no package index gives Ray: {answer.stderr.decode(errors='replace').strip()[-200:]}")
    host.file("requirements.txt", f"--no-index\n--find-links {folder}\nray\n")
    host.file("beside.py", "FACTOR = 3\n")
    host.spec(requirements="requirements.txt", engine="ray")
    return host


@pytest.mark.slow  # Ray is 80 MB to download, and 290 MB here
def test_the_real_ray_runs_main_py_and_is_gone_after_it(with_ray: Host) -> None:
    ended = with_ray.end(REAL)
    assert (ended["exit_code"], "sum 18" in with_ray.log, "gpus 0" in with_ray.log) == (0, True, True), with_ray.log
    until(lambda: not with_ray.processes())
    assert not os.path.lexists(with_ray.attempt.engine_folder)


@pytest.mark.slow  # as above
def test_nothing_of_the_real_ray_outlives_killed_supervisors(with_ray: Host) -> None:
    with_ray.begin(f"{REAL}time.sleep(600)\n")
    with_ray.prints("gpus")
    known, target = with_ray.record(), with_ray.attempt.engine_folder.readlink()
    for pid in (known["supervisor_pid"], known["pid"]):
        os.kill(pid, 9)
    with_ray.ended()
    until(lambda: not with_ray.processes())
    assert not target.exists()
