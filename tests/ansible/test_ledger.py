"""What was installed on a real host, noted there and removed again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.errors import StillNeeded
from tests.ansible.readying import changed, configure, docker_and_gpus, purge
from tests.ansible.test_docker_role import container

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed
    from tests.bed.fixtures import MakeHosts
    from tests.bed.host import Host

pytestmark = pytest.mark.hosts

LEDGER = "/var/lib/cynthus/installed.json"


def ledger(host: Host) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(host.text("cat", LEDGER))
    return found


def packages(host: Host) -> set[str]:
    """Everything that dpkg knows, also what left only its settings behind."""
    return set(host.text("dpkg-query", "-W", "-f=${db:Status-Status} ${Package}\\n").splitlines())


def files(host: Host) -> set[str]:
    """Files and folders where packages and roles write them, but for what apt and systemd keep for themselves."""
    found = host.text("find", "/etc", "/var/lib", "/usr/local", "/opt", "/srv", "-xdev").splitlines()
    theirs = ("/var/lib/apt/", "/var/lib/dpkg/", "/var/lib/systemd/", "/var/lib/private/", "/var/lib/ucf/")
    # dpkg removes a folder of systemd's that is empty.
    own = {path for path in found if not path.startswith(theirs) and not path.endswith("-")}
    return own - {"/etc/systemd/system/timers.target.wants"}


def test_what_was_installed_goes_and_what_was_there_before_stays(bare_host: Host, tmp_path: Path) -> None:
    bare_host.path("/etc/docker.mine").write_text("mine")
    before = packages(bare_host), files(bare_host)
    configure(tmp_path, bare_host)
    noted = ledger(bare_host)
    assert {"docker.io", "containerd"} <= set(noted["packages"])
    assert bare_host.text("stat", "-c", "%U %a", LEDGER) == "root 644\n"
    purge(tmp_path, bare_host)
    after = packages(bare_host), files(bare_host)
    assert (after[0] ^ before[0], after[1] ^ before[1]) == (set(), set())
    assert changed(purge(tmp_path, bare_host)) == []


def test_a_docker_that_was_there_before_stays(docker_host: Host, tmp_path: Path) -> None:
    docker_and_gpus(tmp_path, docker_host)
    assert (ledger(docker_host)["packages"], ledger(docker_host)["members"]) == ([], ["tester"])
    purge(tmp_path, docker_host)
    assert docker_host.text("docker", "version")
    assert docker_host.text("getent", "group", "docker").strip().endswith(":")
    assert docker_host.run("test", "-e", LEDGER).returncode


def test_where_nothing_was_installed_nobody_has_to_become_root(docker_host: Host, tmp_path: Path) -> None:
    assert changed(purge(tmp_path, docker_host, user="plain")) == []


@pytest.fixture(scope="module")
def shared(bed: Bed, base_tar: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host where an earlier Docker has left something, and where others use the Docker that was installed since."""
    host = bed.host()
    host.path("/var/lib/docker/mine").write_text("mine")
    docker_and_gpus(tmp_path_factory.mktemp("shared"), host)
    container(host, base_tar)
    yield host
    bed.remove(host)


def test_what_others_have_in_docker_keeps_it(shared: Host, tmp_path: Path) -> None:
    with pytest.raises(StillNeeded, match="containers that are not of Cynthus are there: theirs"):
        purge(tmp_path, shared)
    shared.text("docker", "rm", "--force", "theirs")
    shared.text("docker", "volume", "create", "precious")
    with pytest.raises(StillNeeded, match="volumes are there, which would be lost: precious"):
        purge(tmp_path, shared)
    shared.text("docker", "volume", "rm", "precious")
    with pytest.raises(StillNeeded, match="images are there that no registry may have, and would be lost: base"):
        purge(tmp_path, shared)
    label = ("--label", "cynthus-deployment=other-1a2b3c")
    shared.text("docker", "create", "--name", "another", *label, "base", "true")
    with pytest.raises(StillNeeded, match="another deployment needs what was installed on this host: other-1a2b3c"):
        purge(tmp_path, shared)
    assert ledger(shared)["packages"]


@pytest.fixture(scope="module")
def left(shared: Host, tmp_path_factory: pytest.TempPathFactory) -> Host:
    """The same host once nobody needs Docker any more: from here on the tests come after all others of it."""
    shared.run("docker", "rm", "--force", "theirs", "another")
    shared.text("docker", "volume", "prune", "--force")
    shared.text("docker", "image", "rm", "base")
    shared.path("/etc/docker/daemon.json").write_text('{"live-restore": true, "log-level": "warn"}')
    purge(tmp_path_factory.mktemp("left"), shared, ledger_deployment="other-1a2b3c")
    return shared


def test_of_the_deployment_itself_nothing_is_in_the_way(left: Host) -> None:
    assert left.run("sh", "-c", "command -v docker").returncode


def test_what_was_edited_since_is_the_users(left: Host) -> None:
    assert "warn" in left.text("cat", "/etc/docker/daemon.json")


def test_what_an_earlier_docker_has_left_stays(left: Host) -> None:
    assert left.text("cat", "/var/lib/docker/mine") == "mine"


def test_what_a_cut_off_installation_has_brought_is_known(make_hosts: MakeHosts, tmp_path: Path) -> None:
    (host,) = make_hosts(disk="150m")
    with pytest.raises(Exception, match="no room left"):
        docker_and_gpus(tmp_path, host)
    assert "docker.io" in ledger(host)["packages"]
