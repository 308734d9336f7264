"""A real host, reached over real SSH as a user who is not root."""

from __future__ import annotations

import hashlib
import os
import shlex
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.core.progress import Unsaid
from cynthus.errors import HostUnreachable
from cynthus.operations.fetch import Pair, compare, fetch
from cynthus.process import Command, run
from cynthus.targets.ssh.connection import SshConnection
from cynthus.targets.ssh.way import Way
from cynthus.testing.contracts.connection import ConnectionContract, Reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bed.beds import Bed
    from tests.bed.host import Host as Machine

pytestmark = pytest.mark.hosts

_NUMBERS = count()


@dataclass(frozen=True)
class Standing:
    """One host for all tests here. Each has a place of its own there."""

    machine: Machine
    way: Way

    def connect(self, **changes: object) -> SshConnection:
        """Another connection; `changes` are to the host as Terraform would tell of it."""
        return SshConnection(replace(self.way, host=replace(self.way.host, **changes)))

    def place(self) -> PurePosixPath:
        place = PurePosixPath(f"/home/tester/{next(_NUMBERS)}")
        self.machine.text("install", "--directory", "--owner=tester", str(place))
        return place


@pytest.fixture(scope="module")
def standing(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    machine = bed.host()
    info = ConnectionInfo("ssh", key=str(machine.key))
    host = Host("host-0", machine.address, machine.internal_address, machine.user, machine.port, 0, info)
    # A short path: the sockets of shared connections lie there.
    with tempfile.TemporaryDirectory(prefix="cy") as control:
        known = tmp_path_factory.mktemp("an app") / "known_hosts"
        yield Standing(machine, Way(host, known, Path(control), {"PATH": os.environ["PATH"]}))
        run(Command(("ssh", "-O", "exit", "-o", f"ControlPath={control}/%C", "-p", str(host.port), "-l", "tester",
                     host.address), env={"PATH": os.environ["PATH"]}))  # fmt: skip
    bed.remove(machine)


@pytest.fixture(scope="module")
def connection(standing: Standing) -> SshConnection:
    return standing.connect()


class TestSshConnection(ConnectionContract):
    @pytest.fixture(autouse=True)
    def _there(self, standing: Standing, connection: SshConnection) -> None:
        self.standing = standing
        self.connection = connection

    def reach(self, folder: Path) -> Reach:
        return Reach(self.connection, self.standing.place())


# who the host is


def test_the_key_of_a_new_host_is_pinned(standing: Standing, connection: SshConnection) -> None:
    connection.machine()
    assert standing.way.known_hosts.read_text() == f"host-0.127.0.0.1 {standing.machine.public_key}\n"


def test_a_host_with_another_key_is_refused_and_the_fix_lets_it_in(standing: Standing, tmp_path: Path) -> None:
    known = tmp_path / "an app" / "known_hosts"
    known.parent.mkdir()
    run(Command(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other"))))
    known.write_text(f"host-0.127.0.0.1 {(tmp_path / 'other.pub').read_text()}")
    # A folder of its own: a connection that is shared is not asked for its key again.
    with tempfile.TemporaryDirectory(prefix="cy") as control:
        strange = replace(standing.way, known_hosts=known, control=Path(control))
        with pytest.raises(HostUnreachable, match="shows another host key than before") as caught:
            SshConnection(strange).machine()
        fix = shlex.split(caught.value.hint.partition("forget the old key: ")[2].partition(";")[0])
        assert run(Command(tuple(fix))).returncode == 0
        assert SshConnection(strange).machine()["system"]
    assert standing.machine.public_key in known.read_text()


# who may not come in


def test_a_user_that_the_host_does_not_know_is_told_at_once(standing: Standing) -> None:
    with pytest.raises(HostUnreachable, match="does not let this user in"):
        standing.connect(user="stranger").machine()


def test_a_key_that_is_not_there_is_told(standing: Standing, tmp_path: Path) -> None:
    info = ConnectionInfo("ssh", key=str(tmp_path / "none"))
    with pytest.raises(HostUnreachable, match=r"`ssh: {key: \.\.\.}` is not there"):
        standing.connect(connection=info, user="stranger").machine()


def test_a_key_that_the_host_does_not_know_is_told_at_once(standing: Standing, tmp_path: Path) -> None:
    run(Command(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key"))))
    info = ConnectionInfo("ssh", key=str(tmp_path / "key"))
    with pytest.raises(HostUnreachable, match="does not let this user in"):
        standing.connect(connection=info, user="plain").machine()


def test_a_host_that_takes_the_connection_and_says_nothing_is_told_in_seconds(standing: Standing) -> None:
    standing.machine.line.freeze()
    try:
        with pytest.raises(HostUnreachable, match="does not answer"):
            standing.connect(user="plain").machine()
    finally:
        standing.machine.line.thaw()


def test_a_key_that_others_may_read_is_told(standing: Standing, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(standing.machine.key.read_bytes())
    key.chmod(0o644)
    with pytest.raises(HostUnreachable, match="others may read the private key"):
        standing.connect(connection=ConnectionInfo("ssh", key=str(key)), user="locked").machine()


def test_an_address_that_nobody_knows_is_told(standing: Standing) -> None:
    with pytest.raises(HostUnreachable, match="nobody knows this name"):
        standing.connect(address="no-such-host.invalid").machine()


def test_a_way_through_a_machine_that_was_never_seen_is_told(standing: Standing) -> None:
    gate = f"tester@{standing.machine.address}:{standing.machine.port}"
    info = ConnectionInfo("ssh", key=str(standing.machine.key), proxy_jump=gate)
    with pytest.raises(HostUnreachable, match="not reached through the machine of `proxy_jump:`"):
        standing.connect(connection=info, user="root").machine()


def test_a_port_where_nobody_listens_is_told_at_once(standing: Standing) -> None:
    with pytest.raises(HostUnreachable, match="refuses the connection"):
        standing.connect(port=1).machine()


def test_a_host_without_python_is_told_what_to_install(standing: Standing) -> None:
    standing.machine.text("mv", "/usr/bin/python3", "/usr/bin/away")
    try:
        with pytest.raises(HostUnreachable, match="has no Python 3") as caught:
            standing.connect().machine()
    finally:
        standing.machine.text("mv", "/usr/bin/away", "/usr/bin/python3")
    assert "apt-get install" in caught.value.hint


# what the host is


def test_a_host_tells_what_it_has(connection: SshConnection) -> None:
    told = connection.machine()
    assert (told["sudo"], told["engine"], told["gpus"]) == ("without a password", "", [])
    assert told["system"].startswith(("Debian", "Ubuntu"))
    assert min(told["cpus"], told["memory"], told["disk_free"]) > 0


@pytest.mark.parametrize(
    ("user", "sudo"), [("root", "is root"), ("locked", "with a password"), ("plain", "not at all")]
)
def test_how_a_user_becomes_root_is_known_without_their_password(standing: Standing, user: str, sudo: str) -> None:
    assert standing.connect(user=user).machine()["sudo"] == sudo


def test_whose_units_end_with_their_sessions_is_known(standing: Standing) -> None:
    told = [standing.connect(user=user).machine() for user in ("root", "tester")]
    assert [(each["user"], each["lingers"]) for each in told] == [("root", True), ("tester", False)]


def test_a_deployment_of_a_user_lies_in_their_home(connection: SshConnection) -> None:
    assert str(connection.home("app-123abc")) == "/home/tester/.local/share/cynthus/app-123abc"


def test_a_deployment_of_root_lies_in_a_place_of_the_machine(standing: Standing) -> None:
    assert str(standing.connect(user="root").home("app-123abc")) == "/opt/cynthus/app-123abc"


def test_what_a_login_script_prints_is_passed_over(standing: Standing, connection: SshConnection) -> None:
    assert connection.machine()
    bashrc = standing.machine.path("/home/tester/.bashrc")
    usual = bashrc.read_bytes()
    bashrc.write_bytes(b"echo Welcome to the lab\n" + usual)
    try:
        assert standing.connect().machine()["system"]
    finally:
        bashrc.write_bytes(usual)


# what can happen to a connection


def test_reading_goes_on_through_a_cut(standing: Standing, connection: SshConnection) -> None:
    path = standing.place() / "file"
    data = os.urandom(1 << 16)
    connection.run(("sh", "-c", 'cat >"$0"', str(path)), stdin=data)
    for offset in (0, 1 << 14, 1 << 15):
        assert standing.machine.line.cut()
        assert connection.read(path, offset=offset, limit=1 << 14) == data[offset : offset + (1 << 14)]


def test_an_answer_that_a_cut_broke_off_comes_whole(standing: Standing, connection: SshConnection) -> None:
    path = standing.place() / "file"
    connection.run(("sh", "-c", 'head -c 30000000 /dev/zero >"$0"', str(path)))
    found: list[bytes | None] = []
    reader = Thread(target=lambda: found.append(connection.read(path)))
    reader.start()
    standing.machine.line.cut()
    reader.join()
    assert found == [bytes(30_000_000)]


def test_a_command_is_not_run_twice_over_a_cut(standing: Standing, connection: SshConnection) -> None:
    marks = standing.place() / "marks"
    standing.machine.line.cut()
    try:
        connection.run(("sh", "-c", 'echo once >>"$0"', str(marks)))
    except HostUnreachable:
        assert connection.read(marks) is None
    else:
        assert connection.read(marks) == b"once\n"


def test_a_host_that_is_unplugged_for_a_while_is_waited_for(standing: Standing, connection: SshConnection) -> None:
    standing.machine.line.unplug()
    found: list[int | None] = []
    asker = Thread(target=lambda: found.append(connection.size(PurePosixPath("/etc/os-release"))))
    asker.start()
    standing.machine.line.plug()
    asker.join()
    assert found[0]


def test_reading_goes_on_through_a_reboot(standing: Standing, connection: SshConnection) -> None:
    before = PurePosixPath("/run/before-the-reboot")
    standing.machine.text("touch", str(before))
    standing.machine.run("systemctl", "reboot", "--no-block")
    while connection.size(before) is not None:
        pass
    standing.machine.await_reboot()
    assert connection.machine()["system"]


# a file that comes home over a bad line

MEGABYTES = 40


class Breaking(Unsaid):
    """A step that does something to the line once `at` bytes are at home. `told` is all that it heard of."""

    def __init__(self, act: Callable[[], object] = lambda: None, at: int = 0) -> None:
        self.told: list[int] = []
        self._act = act
        self._at = at

    def amount(self, done: int, total: int) -> None:
        if done >= self._at and not any(each >= self._at for each in self.told):
            self._act()
        self.told.append(done)


def test_a_large_file_goes_on_where_a_lost_network_stopped_it_and_is_what_the_host_has(
    standing: Standing, tmp_path: Path
) -> None:
    connection, place, line = standing.connect(), standing.place(), standing.machine.line
    connection.run(("sh", "-c", f"head -c {MEGABYTES}000000 /dev/urandom > {place}/model.pt"))
    pair = Pair(connection, place, tmp_path / "home", tmp_path / "known.json")
    connection.hurry()
    try:
        with pytest.raises(HostUnreachable):
            fetch(pair, compare(connection, place, pair.folder), Breaking(line.unplug, 10_000_000))
    finally:
        line.plug()
    # One with patience: a cut in between is nothing that anybody sees.
    patient, after = standing.connect(), Breaking(line.cut, 20_000_000)
    fetch(replace(pair, connection=patient), compare(patient, place, pair.folder), after)
    there = patient.run(("sha256sum", str(place / "model.pt"))).stdout.split()[0].decode()
    assert hashlib.sha256((pair.folder / "model.pt").read_bytes()).hexdigest() == there
    assert after.told[0] >= 10_000_000
    assert [path.name for path in pair.folder.iterdir()] == ["model.pt"]
