"""Docker on real hosts: with systemd, sshd and apt, and an engine of their own."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from cynthus.errors import DiskFull, HostUnfit, NotAllowed
from tests.ansible.readying import changed, configure, docker_and_gpus
from tests.ansible.repositories import served, write_dockers
from tests.processes import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cynthus.ansible.client import PlayResult
    from tests.bed.beds import Bed
    from tests.bed.fixtures import MakeHosts
    from tests.bed.host import Host

pytestmark = [pytest.mark.hosts]
SETTINGS = "/etc/docker/daemon.json"
SOURCE = "/etc/apt/sources.list.d/docker.sources"
HOLD = "import fcntl, time; fcntl.lockf(open('/var/lib/dpkg/lock-frontend', 'w'), fcntl.LOCK_EX); time.sleep(600)"


class Readied(NamedTuple):
    """A host, and what it took to make it ready: the first time, and once more."""

    host: Host
    first: PlayResult
    again: PlayResult


@contextmanager
def readied(bed: Bed, folder: Path, **extravars: Any) -> Iterator[Readied]:
    host = bed.host()
    try:
        yield Readied(host, configure(folder, host, **extravars), configure(folder, host, **extravars))
    finally:
        bed.remove(host)


@pytest.fixture(scope="module")
def bare(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readied]:
    """A host that was bare, and could reach no repository but the distribution's."""
    with readied(bed, tmp_path_factory.mktemp("bare")) as made:
        yield made


@pytest.fixture(scope="module")
def dockers(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readied]:
    """A host that was bare and could reach Docker's own repository, with settings."""
    settings: dict[str, object] = {"docker_data_root": "/srv/docker", "docker_insecure_registries": ["10.77.0.1:5000"]}
    folder = tmp_path_factory.mktemp("dockers")
    write_dockers(bed.tree, folder / "repository")
    with (
        served(bed, folder / "repository") as url,
        readied(bed, folder, docker_repository_url=f"{url}/linux", **settings) as made,
    ):
        yield made


def info(host: Host) -> dict[str, object]:
    told: dict[str, object] = json.loads(host.text("docker", "info", "--format", "{{json .}}"))
    return told


def container(host: Host, base_tar: Path) -> None:
    """A container that runs until it is ended. The engine has no image but the one that it gets here."""
    host.text("docker", "import", "-", "base", stdin=base_tar.read_bytes())
    run = ("docker", "run", "--detach", "--name", "theirs", "--network", "host", "base")
    host.text(*run, "python3", "-c", "import time; time.sleep(600)")


def _installs(host: Host) -> bool:
    return host.run("pgrep", "-f", "apt-get.* docker.io").returncode == 0


def engine_pid(host: Host) -> str:
    return host.text("systemctl", "show", "--property=MainPID", "docker")


def names(host: Host) -> list[str]:
    """The containers that run."""
    return host.text("docker", "ps", "--format", "{{.Names}}").split()


def test_a_bare_host_gets_an_engine_that_its_user_may_use(bare: Readied) -> None:
    answer = bare.host.ssh("docker version --format '{{.Server.Version}}'")
    installed = bare.host.text("dpkg-query", "-W", "-f=${Version}", "docker.io")
    assert (answer.returncode, installed.startswith(answer.stdout.decode().strip() or "?")) == (0, True)


def test_what_would_be_done_was_said_before(bare: Readied) -> None:
    found = json.loads(bare.first.stdout("survey", bare.host.name))
    # The last look, after all of this role's was done.
    assert [each["role"] for each in found["changes"]] == ["lingering"]
    assert "Install Docker from the distribution" in changed(bare.first)


def test_a_second_time_nothing_is_changed(bare: Readied) -> None:
    assert changed(bare.again) == []


def test_a_new_engine_keeps_containers_when_it_restarts(bare: Readied) -> None:
    assert info(bare.host)["LiveRestoreEnabled"] is True


def test_a_new_engine_comes_back_after_a_reboot(bare: Readied) -> None:
    assert bare.host.text("systemctl", "is-enabled", "docker").strip() == "enabled"


def test_dockers_own_packages_come_from_a_signed_repository(bed: Bed, dockers: Readied) -> None:
    assert "ii " in dockers.host.text("dpkg", "--list", "docker-ce")
    assert dockers.host.text("cat", SOURCE).splitlines()[2:] == [
        f"Suites: {bed.tree.suite}", "Components: stable", "Signed-By: /etc/apt/keyrings/docker.asc"
    ]  # fmt: skip


def test_a_second_time_nothing_of_it_is_changed(dockers: Readied) -> None:
    assert changed(dockers.again) == []


def test_a_new_engine_begins_with_its_settings(dockers: Readied) -> None:
    told = info(dockers.host)
    registries = told["RegistryConfig"]
    assert isinstance(registries, dict)
    assert (told["DockerRootDir"], "10.77.0.1:5000" in registries["IndexConfigs"]) == ("/srv/docker", True)
    assert not dockers.host.path("/var/lib/docker/overlay2").exists()


def test_a_repository_that_breaks_off_leaves_the_distributions_docker_and_nothing_of_itself(
    bed: Bed, bare_host: Host, tmp_path: Path
) -> None:
    write_dockers(bed.tree, tmp_path / "repository")
    (tmp_path / "repository/linux/debian/gpg").unlink()
    with served(bed, tmp_path / "repository") as url:
        docker_and_gpus(tmp_path, bare_host, docker_repository_url=f"{url}/linux")
    assert "ii " in bare_host.text("dpkg", "--list", "docker.io")
    assert not bare_host.path(SOURCE).exists()


def test_a_lock_of_apts_is_waited_for(bare_host: Host, tmp_path: Path) -> None:
    bare_host.text("systemd-run", "--unit=hold", "python3", "-c", HOLD)
    with ThreadPoolExecutor(1) as pool:
        played = pool.submit(docker_and_gpus, tmp_path, bare_host)
        # It has come as far as the installation, and waits there.
        wait_for(lambda: played.done() or _installs(bare_host), "apt-get", patience=150)
        assert not played.done()
        bare_host.text("systemctl", "stop", "hold")
        assert "Install Docker from the distribution" in changed(played.result())


def test_a_full_disk_is_said_to_be_one(make_hosts: MakeHosts, tmp_path: Path) -> None:
    (host,) = make_hosts(disk="150m")
    with pytest.raises(DiskFull, match="there is no room left on the host"):
        docker_and_gpus(tmp_path, host)


def test_an_engine_that_was_stopped_is_started(docker_host: Host, tmp_path: Path) -> None:
    docker_host.text("systemctl", "stop", "docker", "docker.socket")
    assert "Start the engine" in changed(docker_and_gpus(tmp_path, docker_host))


def test_an_engine_that_was_there_is_left_as_it_is(docker_host: Host, tmp_path: Path) -> None:
    # Its socket starts it at the first question.
    docker_host.text("docker", "version")
    before = engine_pid(docker_host)
    done = changed(docker_and_gpus(tmp_path, docker_host))
    assert done == ["Note what was not there before", "Let users in"]
    assert (engine_pid(docker_host), docker_host.path(SETTINGS).exists()) == (before, False)


def test_settings_join_the_users_while_containers_run_on(docker_host: Host, base_tar: Path, tmp_path: Path) -> None:
    docker_host.path("/etc/docker").mkdir(exist_ok=True)
    docker_host.path(SETTINGS).write_text('{"log-level": "warn", "registry-mirrors": ["https://theirs.example"]}')
    docker_host.text("systemctl", "restart", "docker")
    container(docker_host, base_tar)
    docker_and_gpus(tmp_path, docker_host, docker_registry_mirrors=["https://ours.example"], docker_live_restore=True)
    told = info(docker_host)
    registries = told["RegistryConfig"]
    assert isinstance(registries, dict)
    assert registries["Mirrors"] == ["https://theirs.example/", "https://ours.example/"]
    assert (told["LiveRestoreEnabled"], names(docker_host)) == (True, ["theirs"])
    assert json.loads(docker_host.text("cat", SETTINGS))["log-level"] == "warn"


def test_the_users_settings_are_kept_beside_the_new_ones(docker_host: Host, tmp_path: Path) -> None:
    docker_host.path("/etc/docker").mkdir(exist_ok=True)
    docker_host.path(SETTINGS).write_text('{"log-level": "warn"}')
    docker_host.text("systemctl", "restart", "docker")
    docker_and_gpus(tmp_path, docker_host, docker_live_restore=True)
    (kept,) = docker_host.path("/etc/docker").glob("daemon.json.*~")
    assert kept.read_text() == '{"log-level": "warn"}'


def test_a_restart_while_others_containers_run_is_refused(docker_host: Host, base_tar: Path, tmp_path: Path) -> None:
    container(docker_host, base_tar)
    with pytest.raises(NotAllowed, match="containers run there: theirs"):
        docker_and_gpus(tmp_path, docker_host, docker_data_root="/srv/docker")
    assert names(docker_host) == ["theirs"]
    assert not docker_host.path(SETTINGS).exists()


def test_a_restart_that_was_allowed_is_made(docker_host: Host, base_tar: Path, tmp_path: Path) -> None:
    container(docker_host, base_tar)
    docker_and_gpus(tmp_path, docker_host, docker_data_root="/srv/docker", cynthus_allow_disrupt=True)
    assert info(docker_host)["DockerRootDir"] == "/srv/docker"


def test_the_engine_is_told_its_proxies_and_nobody_else_is(docker_host: Host, tmp_path: Path) -> None:
    proxy = "http://me:pass%20word@proxy.example:3128"
    docker_and_gpus(tmp_path, docker_host, docker_http_proxy=proxy)
    shown = docker_host.text("systemctl", "show", "--property=Environment", "docker")
    # The engine itself takes passwords out of what it tells of its proxies.
    assert (f"HTTP_PROXY={proxy}" in shown, "proxy.example" in str(info(docker_host)["HttpProxy"])) == (True, True)
    assert changed(docker_and_gpus(tmp_path, docker_host, docker_http_proxy=proxy)) == []


def test_root_needs_neither_sudo_nor_a_group(docker_host: Host, tmp_path: Path) -> None:
    docker_host.path("/usr/bin/sudo").unlink()
    assert changed(docker_and_gpus(tmp_path, docker_host, user="root")) == []


def test_a_user_whose_password_nobody_gave_is_told_so(docker_host: Host, tmp_path: Path) -> None:
    with pytest.raises(HostUnfit, match="sudo asks for a password"):
        docker_and_gpus(tmp_path, docker_host, user="locked")


def test_a_user_who_may_not_become_root_is_told_who_could_help(docker_host: Host, tmp_path: Path) -> None:
    with pytest.raises(HostUnfit, match="plain may not use the Docker Engine") as caught:
        docker_and_gpus(tmp_path, docker_host, user="plain")
    assert "gpasswd --add plain docker" in caught.value.hint


def test_a_host_without_sudo_says_who_could_help(docker_host: Host, tmp_path: Path) -> None:
    docker_host.path("/usr/bin/sudo").unlink()
    with pytest.raises(HostUnfit, match="plain may not use the Docker Engine") as caught:
        docker_and_gpus(tmp_path, docker_host, user="plain")
    assert "gpasswd --add plain docker" in caught.value.hint


def test_nothing_is_installed_on_a_system_that_is_not_known(bare_host: Host, tmp_path: Path) -> None:
    bare_host.path("/etc/os-release").unlink()
    bare_host.path("/etc/os-release").write_text("ID=fedora\nPRETTY_NAME='Fedora Linux 42'\n")
    with pytest.raises(HostUnfit, match="cannot install one on Fedora Linux 42"):
        docker_and_gpus(tmp_path, bare_host)
