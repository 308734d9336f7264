"""A forwarded port, through an `ssh` that leads to this machine and forwards nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.errors import HostError, HostUnreachable, PortTaken
from cynthus.targets.ssh.tunnel import SshTunnel
from cynthus.targets.ssh.way import Way
from tests.processes import wait_for
from tests.targets.places import calls, environment, fake_ssh, refusing

if TYPE_CHECKING:
    from pathlib import Path

HOST = Host("host-0", "there", "there", None, 22, 0, ConnectionInfo("ssh"))


def tunnel(folder: Path, first: str = "") -> SshTunnel:
    fake_ssh(folder, f"PATH=/usr/bin:/bin\n{first}")
    way = Way(HOST, folder / "known_hosts", folder / "control", environment(folder))
    return SshTunnel(way, 32768, 8000)


def test_it_stands_until_it_is_closed(tmp_path: Path) -> None:
    made = tunnel(tmp_path)
    assert made.stands
    made.close()
    assert not made.stands


def test_it_goes_from_loopback_to_loopback(tmp_path: Path) -> None:
    tunnel(tmp_path).close()
    (call,) = calls(tmp_path / "bin/ssh")
    assert "-L 127.0.0.1:8000:127.0.0.1:32768" in call


def test_it_has_a_connection_of_its_own(tmp_path: Path) -> None:
    tunnel(tmp_path).close()
    (call,) = calls(tmp_path / "bin/ssh")
    assert ("ControlMaster=no" in call, "ControlPath=none" in call, "ControlMaster=auto" in call) == (True, True, False)


def test_what_a_login_script_prints_is_passed_over(tmp_path: Path) -> None:
    made = tunnel(tmp_path, "echo Welcome to the lab\n")
    assert made.stands
    made.close()


def test_one_that_was_cut_does_not_stand(tmp_path: Path) -> None:
    made = tunnel(tmp_path, "echo cynthus-tunnel; exit 255\n")
    wait_for(lambda: not made.stands, "the end of the connection")


@pytest.mark.parametrize(
    "words",
    [
        "bind [127.0.0.1]:8000: Address already in use\nchannel_setup_fwd_listener_tcpip: cannot listen to port: 8000",
        "bind [127.0.0.1]:80: Permission denied\nchannel_setup_fwd_listener_tcpip: cannot listen to port: 80",
        "Privileged ports can only be forwarded by root.",
    ],
)
def test_a_local_port_that_cannot_be_had_is_told_with_what_to_do(tmp_path: Path, words: str) -> None:
    with pytest.raises(PortTaken, match="port 8000 of this machine") as caught:
        tunnel(tmp_path, refusing(words))
    assert "--local-port" in caught.value.hint


def test_a_host_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with pytest.raises(HostUnreachable, match="refuses the connection"):
        tunnel(tmp_path, refusing("ssh: connect to host there port 22: Connection refused"))


def test_a_host_that_lets_nothing_through_is_told_what_to_change(tmp_path: Path) -> None:
    said = "channel 3: open failed: administratively prohibited: open failed"
    made = tunnel(tmp_path, f"echo '{said}' >&2\n")
    with pytest.raises(HostError, match="does not let ports be forwarded") as caught:
        _ = made.stands
    made.close()
    assert "AllowTcpForwarding" in caught.value.hint


def test_a_machine_without_ssh_is_told_what_to_install(tmp_path: Path) -> None:
    way = Way(HOST, tmp_path / "known_hosts", tmp_path / "control", environment(tmp_path))
    with pytest.raises(HostUnreachable, match="`ssh` cannot be started"):
        SshTunnel(way, 32768, 8000)
