"""A port of a host on this machine, for as long as an `ssh` of its own lives."""

from __future__ import annotations

import re
import tempfile
import weakref
from typing import IO, TYPE_CHECKING

from cynthus.errors import CynthusError, HostError, HostUnreachable, PortTaken
from cynthus.process import Conversation
from cynthus.targets.ssh.diagnosis import unreachable

if TYPE_CHECKING:
    from cynthus.targets.ssh.way import Way

_LOOPBACK = "127.0.0.1"
_OPEN = "cynthus-tunnel"
# `ssh` listens before it asks for this command, so its first word tells that the tunnel stands. The command ends with
# its input: should we be killed, so does the tunnel.
_HOLD = ("sh", "-c", f"echo {_OPEN}; exec cat >/dev/null")
_TAKEN = re.compile(r"cannot listen to port|Privileged ports")
_FORBIDDEN = re.compile(r"administratively prohibited")


class SshTunnel:
    """Connections to 127.0.0.1:`local_port` here come out at 127.0.0.1:`port` there. It stands once it is made.

    Not through the connection that commands share: what is forwarded there stays when nobody wants it any more.

    Raises:
        PortTaken: another program of this machine listens on `local_port`.
        HostUnreachable: there is no connection.
    """

    def __init__(self, way: Way, port: int, local_port: int) -> None:
        self._way = way
        self._local_port = local_port
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        forward = ("-L", f"{_LOOPBACK}:{local_port}:{_LOOPBACK}:{port}")
        own = {"ControlMaster": "no", "ControlPath": "none", "ExitOnForwardFailure": "yes"}
        try:
            self._ssh = Conversation(way.command(_HOLD, options=forward, settings=own), stderr=self._said)
        except OSError as error:
            self._said.close()
            raise HostUnreachable(
                f"`ssh` cannot be started: {(error.strerror or str(error)).lower()}",
                hint="install the OpenSSH client, e.g. sudo apt-get install -y openssh-client",
            ) from None
        self.close = weakref.finalize(self, _hang_up, self._ssh, self._said)
        try:
            self._await_open()
        except BaseException:
            self.close()
            raise

    @property
    def stands(self) -> bool:
        """Whether the connection lives, as far as `ssh` has noticed.

        Raises:
            HostError: it does, but the host lets nothing through.
        """
        if not self._ssh.lives:
            return False
        if _FORBIDDEN.search(self._words()):
            raise HostError(
                f"{self._way.host.name} ({self._way.host.address}) does not let ports be forwarded",
                hint="set `AllowTcpForwarding local` in its /etc/ssh/sshd_config, and restart sshd there",
            )
        return True

    def _await_open(self) -> None:
        # What a login script prints comes first.
        while line := self._ssh.hear_line():
            if line.strip() == _OPEN.encode():
                return
        self._ssh.await_end(5)
        raise self._problem()

    def _problem(self) -> CynthusError:
        said = self._words()
        if _TAKEN.search(said):
            return PortTaken(
                f"port {self._local_port} of this machine cannot be listened on: another program has it, or only root "
                "may",
                hint="take another one with --local-port, from 1024 on",
                details=[line.strip() for line in said.splitlines() if line.strip()][-3:],
            )
        return unreachable(self._way, said)

    def _words(self) -> str:
        self._said.seek(0)
        return self._said.read().decode(errors="replace")


def _hang_up(ssh: Conversation, said: IO[bytes]) -> None:
    ssh.close()
    said.close()
