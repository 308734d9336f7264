"""A host is what it says: one lets you in, keeps its files, and sees its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from tests.bed.host import PASSWORD

if TYPE_CHECKING:
    from tests.bed.beds import Bed
    from tests.bed.fixtures import MakeHosts
    from tests.bed.host import Host

pytestmark = pytest.mark.hosts


def test_users_come_in_by_ssh_with_what_each_may_do(standing: Host) -> None:
    assert standing.ssh("sudo -n id -un").stdout == b"root\n"
    assert standing.ssh("sudo -n true", user="plain").returncode
    assert standing.ssh("sudo -n true", user="locked").returncode
    assert standing.ssh(f"echo {PASSWORD} | sudo -S id -un", user="locked").stdout == b"root\n"
    assert standing.ssh("id -un", user="root").stdout == b"root\n"


def test_systemd_runs_it_and_no_unit_has_failed(standing: Host) -> None:
    assert standing.text("systemctl", "is-system-running", "--wait") == "running\n"


def test_it_is_bare(standing: Host) -> None:
    assert standing.run("sh", "-c", "command -v docker").returncode


def test_hosts_see_each_other_by_their_addresses_inside(make_hosts: MakeHosts) -> None:
    one, two = make_hosts(2)
    listening = "import socket; s = socket.create_server(('', 7777)); s.accept()[0].sendall(b'from two')"
    two.text("systemd-run", "--quiet", "python3", "-c", listening)
    asking = (
        "import socket, sys, time\n"
        "for _ in range(100):\n"
        "    try: print(socket.create_connection((sys.argv[1], 7777)).recv(99).decode()); break\n"
        "    except ConnectionRefusedError: time.sleep(0.05)"
    )
    assert one.text("python3", "-c", asking, two.internal_address) == "from two\n"


def test_a_reboot_keeps_the_files_and_shows_by_the_boot_id(bare_host: Host) -> None:
    bare_host.text("touch", "/root/kept", "/run/forgotten")
    before = bare_host.text("cat", "/proc/sys/kernel/random/boot_id")
    # As a role does that needs a reboot: the connection breaks off under it.
    bare_host.ssh("sudo systemctl reboot")
    bare_host.await_reboot()
    assert bare_host.text("cat", "/proc/sys/kernel/random/boot_id") != before
    assert bare_host.run("ls", "/root/kept", "/run/forgotten").stdout == b"/root/kept\n"


def test_a_host_whose_plug_was_pulled_starts_with_its_disk(bare_host: Host) -> None:
    bare_host.text("touch", "/root/kept")
    bare_host.stop()
    assert b"Connection refused" in bare_host.ssh("true").stderr
    bare_host.start()
    bare_host.await_ready()
    assert bare_host.ssh("sudo ls /root").stdout == b"kept\n"


def test_a_host_with_another_key_is_noticed(bare_host: Host) -> None:
    before = bare_host.ssh_argv("true")
    bare_host.new_key()
    assert b"HOST IDENTIFICATION HAS CHANGED" in run(Command(before)).stderr
    assert bare_host.ssh("true").returncode == 0


def test_a_small_disk_can_be_full(make_hosts: MakeHosts) -> None:
    host = make_hosts(disk="64m")[0]
    host.disk.fill()
    assert b"No space left on device" in host.run("cp", "/bin/bash", "/root/copy").stderr
    host.disk.clear()
    assert host.run("cp", "/bin/bash", "/root/copy").returncode == 0


def test_a_host_changes_no_setting_of_the_machine(standing: Host) -> None:
    assert b"Read-only file system" in standing.run("sh", "-c", "echo 1 >/proc/sys/kernel/panic").stderr
    assert standing.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward").returncode == 0


def test_hosts_of_one_bed_share_nothing_but_the_tree(bed: Bed, make_hosts: MakeHosts) -> None:
    one, two = make_hosts(2)
    one.text("touch", "/etc/mine")
    assert two.run("test", "-e", "/etc/mine").returncode
    assert not (bed.tree.base / "etc/mine").exists()
