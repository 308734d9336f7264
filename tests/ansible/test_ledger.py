"""What was installed on a real host, noted there and removed again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.errors import StillNeeded
from tests.ansible.readying import changed, configure, purge
from tests.ansible.test_docker_role import container

if TYPE_CHECKING:
    from pathlib import Path

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
    configure(tmp_path, docker_host)
    assert (ledger(docker_host)["packages"], ledger(docker_host)["members"]) == ([], ["tester"])
    purge(tmp_path, docker_host)
    assert docker_host.text("docker", "version")
    assert docker_host.text("getent", "group", "docker").strip().endswith(":")
    assert docker_host.run("test", "-e", LEDGER).returncode


def test_what_an_earlier_docker_has_left_stays(bare_host: Host, tmp_path: Path) -> None:
    bare_host.path("/var/lib/docker/mine").write_text("mine")
    configure(tmp_path, bare_host)
    purge(tmp_path, bare_host)
    assert bare_host.run("sh", "-c", "command -v docker").returncode
    assert bare_host.text("cat", "/var/lib/docker/mine") == "mine"


def test_where_nothing_was_installed_nobody_has_to_become_root(docker_host: Host, tmp_path: Path) -> None:
    assert changed(purge(tmp_path, docker_host, user="plain")) == []


def test_what_others_have_in_docker_keeps_it(bare_host: Host, base_tar: Path, tmp_path: Path) -> None:
    configure(tmp_path, bare_host)
    container(bare_host, base_tar)
    with pytest.raises(StillNeeded, match="containers that are not of Cynthus are there: theirs"):
        purge(tmp_path, bare_host)
    bare_host.text("docker", "rm", "--force", "theirs")
    bare_host.text("docker", "volume", "create", "precious")
    with pytest.raises(StillNeeded, match="volumes are there, which would be lost: precious"):
        purge(tmp_path, bare_host)
    bare_host.text("docker", "volume", "rm", "precious")
    with pytest.raises(StillNeeded, match="images are there that no registry may have, and would be lost: base"):
        purge(tmp_path, bare_host)
    label = ("--label", "cynthus-deployment=other-1a2b3c")
    bare_host.text("docker", "create", "--name", "another", *label, "base", "true")
    with pytest.raises(StillNeeded, match="another deployment needs what was installed on this host: other-1a2b3c"):
        purge(tmp_path, bare_host)
    assert ledger(bare_host)["packages"]
    bare_host.text("docker", "rm", "another")
    bare_host.text("docker", "image", "rm", "base")
    # Of the deployment itself nothing is in the way; and what was edited since is the user's.
    bare_host.path("/etc/docker/daemon.json").write_text('{"live-restore": true, "log-level": "warn"}')
    purge(tmp_path, bare_host, ledger_deployment="other-1a2b3c")
    assert bare_host.run("docker", "version").returncode
    assert "warn" in bare_host.text("cat", "/etc/docker/daemon.json")


def test_what_a_cut_off_installation_has_brought_is_known(make_hosts: MakeHosts, tmp_path: Path) -> None:
    (host,) = make_hosts(disk="150m")
    with pytest.raises(Exception, match="no room left"):
        configure(tmp_path, host)
    assert "docker.io" in ledger(host)["packages"]
