"""GPUs on real hosts, with a real apt and a real engine. The bus, the driver and the toolkit are stand-ins."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from cynthus.errors import GpusFailed, HostUnfit, NotAllowed
from tests.ansible.readying import changed, docker_and_gpus, purge
from tests.ansible.repositories import served, write_deb, write_toolkit
from tests.bed import packages
from tests.bed.gpu import HOOK, HOOK_NAME, IMAGE, PCI, SMI, TOOLKIT, give_gpu, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.ansible.client import PlayResult
    from tests.bed.beds import Bed
    from tests.bed.host import Host

pytestmark = [pytest.mark.hosts]
UBUNTU = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nPRETTY_NAME="Ubuntu 24.04"\n'
HEADLESS, UTILS = "nvidia-headless-no-dkms-580-server-open", "nvidia-utils-580-server"


@pytest.fixture
def gpu_host(docker_host: Host, base_tar: Path) -> Host:
    """A host with a GPU that works."""
    give_gpu(docker_host, base_tar)
    return docker_host


class Learned(NamedTuple):
    """A host whose engine had settings of its user, and learned of the toolkit; and what a second time did."""

    host: Host
    first: PlayResult
    again: PlayResult


@pytest.fixture(scope="module")
def learned(bed: Bed, base_tar: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learned]:
    host, folder = bed.host(docker=True), tmp_path_factory.mktemp("learned")
    give_gpu(host, base_tar)
    program(host, HOOK_NAME, HOOK)
    host.path("/etc/docker").mkdir(exist_ok=True)
    host.path("/etc/docker/daemon.json").write_text('{"log-level": "warn"}')
    yield Learned(host, ready(folder, host), ready(folder, host))
    bed.remove(host)


@pytest.fixture
def bare_gpu_host(gpu_host: Host, tmp_path: Path) -> Host:
    """The same host as an Ubuntu without a driver and without the toolkit, whose archive has a signed driver."""
    for name in ("nvidia-smi", "nvidia-ctk"):
        gpu_host.path(f"/usr/local/bin/{name}").unlink()
    gpu_host.path("/etc/os-release").unlink()
    gpu_host.path("/etc/os-release").write_text(UBUNTU)
    archive = gpu_host.path("/srv/archive")
    archive.mkdir()
    for name in (module(), HEADLESS):
        write_deb(archive, name, "580.95.05")
    write_deb(archive, UTILS, "580.95.05", {"usr/bin/nvidia-smi": SMI})
    packages.index(archive)
    gpu_host.path("/etc/apt/sources.list.d/archive.list").write_text("deb [trusted=yes] file:/srv/archive ./\n")
    return gpu_host


def module() -> str:
    return f"linux-modules-nvidia-580-server-open-{platform.release()}"


def ready(folder: Path, host: Host, **extravars: Any) -> PlayResult:
    return docker_and_gpus(folder, host, nvidia_pci_root=PCI, nvidia_try_image=IMAGE, **extravars)


def test_an_engine_that_does_not_find_the_toolkit_is_said_not_to(gpu_host: Host, tmp_path: Path) -> None:
    with pytest.raises(GpusFailed, match="Docker does not know the NVIDIA Container Toolkit") as caught:
        ready(tmp_path, gpu_host)
    assert "nvidia-ctk runtime configure" in caught.value.hint


def test_an_engine_learns_of_the_toolkit_and_gives_its_containers_the_gpus(learned: Learned) -> None:
    assert json.loads(learned.first.stdout("nvidia", learned.host.name))["access"] == "gpus"


def test_a_second_time_the_gpus_are_only_tried(learned: Learned) -> None:
    assert changed(learned.again) == []


def test_the_users_settings_stay_when_the_engine_learns_of_the_toolkit(learned: Learned) -> None:
    assert json.loads(learned.host.text("cat", "/etc/docker/daemon.json"))["log-level"] == "warn"


def test_an_engine_whose_containers_run_does_not_learn_of_it_without_leave(gpu_host: Host, tmp_path: Path) -> None:
    run = ("docker", "run", "--detach", "--name", "theirs", "--network", "host", "base")
    gpu_host.text(*run, "python3", "-c", "import time; time.sleep(600)")
    with pytest.raises(NotAllowed, match="containers run there: theirs"):
        ready(tmp_path, gpu_host)


def test_a_host_whose_driver_waits_for_a_reboot_is_not_rebooted_without_leave(gpu_host: Host, tmp_path: Path) -> None:
    gpu_host.path("/run/mismatch").touch()
    with pytest.raises(NotAllowed, match="this host: reboot needed"):
        ready(tmp_path, gpu_host, nvidia_containers=False)
    assert gpu_host.path("/run/mismatch").exists()


def test_a_host_whose_driver_waits_for_a_reboot_works_after_one_that_was_allowed(
    gpu_host: Host, tmp_path: Path
) -> None:
    gpu_host.path("/run/mismatch").touch()
    result = ready(tmp_path, gpu_host, nvidia_containers=False, cynthus_allow_reboot=True)
    assert "Start the host again with the new driver" in changed(result)


def test_a_host_with_gpus_and_nothing_else_gets_all_that_they_need(
    bed: Bed, bare_gpu_host: Host, tmp_path: Path
) -> None:
    programs = {"usr/bin/nvidia-ctk": TOOLKIT, "usr/bin/nvidia-container-runtime-hook": HOOK}
    write_toolkit(tmp_path / "toolkit", programs)
    with served(bed, tmp_path / "toolkit") as url:
        result = ready(tmp_path, bare_gpu_host, nvidia_toolkit_url=url)
    assert json.loads(result.stdout("nvidia", bare_gpu_host.name)) == {
        "gpus": ["GPU 0: NVIDIA L4 (UUID: GPU-0)"], "access": "gpus"
    }  # fmt: skip
    for name in (module(), HEADLESS, UTILS, "nvidia-container-toolkit"):
        assert "install ok installed" in bare_gpu_host.text("dpkg", "--status", name)


def test_what_gpus_needed_goes_again_and_the_engine_that_was_there_stays(
    bed: Bed, bare_gpu_host: Host, tmp_path: Path
) -> None:
    before = bare_gpu_host.text("dpkg-query", "-W", "-f=${Package}\\n")
    programs = {"usr/bin/nvidia-ctk": TOOLKIT, "usr/bin/nvidia-container-runtime-hook": HOOK}
    write_toolkit(tmp_path / "toolkit", programs)
    with served(bed, tmp_path / "toolkit") as url:
        ready(tmp_path, bare_gpu_host, nvidia_toolkit_url=url)
    purge(tmp_path, bare_gpu_host)
    assert bare_gpu_host.text("dpkg-query", "-W", "-f=${Package}\\n") == before
    left = bare_gpu_host.run("find", "/etc/apt", "/etc/docker", "-name", "*nvidia*", "-o", "-name", "daemon.json*")
    assert left.stdout == b""
    assert bare_gpu_host.text("docker", "version")


def test_a_driver_that_cannot_be_had_is_said_not_to_be(bare_gpu_host: Host, tmp_path: Path) -> None:
    (bare_gpu_host.path("/srv/archive") / f"{UTILS}.deb").unlink()
    packages.index(bare_gpu_host.path("/srv/archive"))
    with pytest.raises(HostUnfit, match="apt knows no driver 580"):
        ready(tmp_path, bare_gpu_host, nvidia_containers=False)
