"""The target `ssh`: machines that stand already. Nothing is made and nothing of theirs is removed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from cynthus.core.clock import SystemClock
from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.core.finding import Finding
from cynthus.core.placement import Placement, Runtime
from cynthus.core.plan import Offer
from cynthus.errors import CynthusError, PlacementRefused, PythonMissing, RuntimeUnavailable
from cynthus.targets.fit import GIB, Machine, choose_gpus, driver_branch, refuse_to_make, refuse_too_little
from cynthus.targets.ssh.connection import SshConnection
from cynthus.targets.ssh.way import USUAL_PORT, Way
from cynthus.targets.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cynthus.core.spec import AppSpec
    from cynthus.settings import Settings

SKEW = 60.0
"""Seconds that a host's clock may be off before heartbeats and deadlines are hard to read."""
OLDEST_PYTHON = (3, 10)
"""What the agent runs on."""
NEWER = "the agent needs Python 3.10 or newer as /usr/bin/python3: take a newer system"
KNOWN_HOSTS = "known_hosts"


class SshTarget(Standing):
    """Machines of the user's own. They cost nothing that Cynthus could know of."""

    name = "ssh"
    roots = ("compute",)
    installs = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connections: dict[tuple[Host, Path], SshConnection] = {}

    def place(self, spec: AppSpec, root: Path) -> Placement:
        refuse_to_make(spec)
        hosts = hosts_of(spec)
        found = self._ask_all(hosts, root)
        for host, told in zip(hosts, found, strict=True):
            _refuse_old_python(told, _called(host))
            refuse_too_little(spec, _machine(told), _called(host))
        runtime, because, unready = _choose_runtime(spec, hosts, found)
        gpus, whys, lacking = _choose_gpus(spec, hosts, found)
        unready = (*unready, *lacking, *(_not_lingering(hosts, found) if runtime == "container" else ()))
        reasons = tuple(filter(None, (because, *whys)))
        # All of them: a play may have to become root on each.
        asking = tuple(
            _called(host)
            for host, told in zip(hosts, found, strict=True)
            if told["sudo"] == "with a password" and unready
        )
        return Placement(
            self.name, runtime, nodes=len(hosts), gpus=gpus, reasons=reasons, unready=unready, asking=asking,
            driver=min((branch for each in found if (branch := driver_branch(each["driver"]))), default=None),
        )

    def named(self, spec: AppSpec) -> Sequence[Host]:
        return hosts_of(spec)

    def offer(self, spec: AppSpec, placement: Placement) -> Offer:  # noqa: ARG002 - nobody tells what they cost
        each = f" with {placement.gpus} GPU" + ("s" if placement.gpus > 1 else "") if placement.gpus else ""
        count = "a machine" if placement.nodes == 1 else f"{placement.nodes} machines"
        return Offer(machine=f"{count} of yours{each}", per_hour=0.0, maximum=0.0, deletes_itself_at=None)

    def variables(self, deployment: str, spec: AppSpec, placement: Placement, root: str) -> Mapping[str, object]:  # noqa: ARG002 - ssh has one root
        machines = {host.name: _variables(host) for host in hosts_of(spec)}
        return {"deployment": deployment, "gpus": placement.gpus, "machines": machines}

    def connect(self, host: Host, root: Path) -> SshConnection:
        # One a host: what it is asked twice a second should not open a connection each time.
        if (host, root) not in self._connections:
            environment = ssh_environment(self._settings.environment)
            way = Way(host, root / KNOWN_HOSTS, self._settings.tmpfs / "ssh", environment)
            self._connections[host, root] = SshConnection(way)
        return self._connections[host, root]

    def asking(self, hosts: Sequence[Host], root: Path) -> tuple[str, ...]:
        found = zip(hosts, self._ask_all(hosts, root), strict=True)
        return tuple(_called(host) for host, told in found if told["sudo"] == "with a password")

    def check(self, spec: AppSpec | None, root: Path) -> Sequence[Finding]:
        if spec is None or spec.ssh is None:
            return (Finding("ssh", "error", "no machines are named", "write them below `ssh:` in cynthus.yaml"),)
        hosts = hosts_of(spec)
        with ThreadPoolExecutor(len(hosts)) as pool:
            findings = pool.map(lambda host: self._check_host(host, root), hosts)
            return tuple(finding for each in findings for finding in each)

    def _ask_all(self, hosts: Sequence[Host], root: Path) -> list[Mapping[str, Any]]:
        root.mkdir(parents=True, exist_ok=True)  # where the keys of the hosts are pinned
        with ThreadPoolExecutor(len(hosts)) as pool:
            return list(pool.map(lambda host: self.connect(host, root).machine(), hosts))

    def _check_host(self, host: Host, root: Path) -> tuple[Finding, ...]:
        name = _called(host)
        try:
            told = self.connect(host, root).machine()
        except CynthusError as error:
            return (Finding(name, "error", error.message, error.hint),)
        return (Finding(name, "ok", f"answers: {told['system'] or 'an unknown system'}"), *_findings(name, told))


def hosts_of(spec: AppSpec) -> tuple[Host, ...]:
    """The hosts that cynthus.yaml names, as Terraform's output will have them.

    Raises:
        PlacementRefused: it names none, or fewer than `nodes:` asks for.
    """
    if spec.ssh is None:
        raise PlacementRefused(
            "`target: ssh` needs machines, and cynthus.yaml names none",
            hint="write e.g. `ssh: {hosts: [192.0.2.10], user: ubuntu}`",
        )
    count = spec.resources.nodes or len(spec.ssh.hosts)
    if count > len(spec.ssh.hosts):
        raise PlacementRefused(
            f"`nodes: {count}` is more than the {len(spec.ssh.hosts)} that `ssh:` names",
            hint="name more below `ssh: {hosts: [...]}`, or ask for fewer",
        )
    return tuple(
        Host(
            name=f"host-{index}",
            address=machine.address,
            internal_address=machine.internal_address or machine.address,
            user=machine.user,
            port=machine.port or USUAL_PORT,
            gpus=0,
            connection=ConnectionInfo("ssh", proxy_jump=machine.proxy_jump, key=machine.key),
        )
        for index, machine in enumerate(spec.ssh.each()[:count])
    )


def ssh_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What `ssh` may see of the user's environment: with `SendEnv` in its configuration it would send more along."""
    names = ("PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "SHELL", "TERM", "LANG", "LC_ALL", "TMPDIR")
    return {name: environment[name] for name in names if name in environment}


def _variables(host: Host) -> dict[str, object]:
    own = {"user": host.user, "key": host.connection.key, "proxy_jump": host.connection.proxy_jump}
    inner = {"internal_address": host.internal_address} if host.internal_address != host.address else {}
    port = {"port": host.port} if host.port != USUAL_PORT else {}
    return {"address": host.address, **inner, **port, **{key: value for key, value in own.items() if value}}


def _called(host: Host) -> str:
    return f"{host.name} ({host.address})"


def _machine(told: Mapping[str, Any]) -> Machine:
    return Machine(int(told["cpus"]), int(told["memory"]), int(told["disk_free"]), tuple(map(str, told["gpus"])))


def _choose_runtime(
    spec: AppSpec, hosts: Sequence[Host], found: Sequence[Mapping[str, Any]]
) -> tuple[Runtime, str, tuple[str, ...]]:
    """The same runtime on every host, why, and what is to be installed for it."""
    lacking = [(host, told) for host, told in zip(hosts, found, strict=True) if not told["engine"]]
    powerless = [_called(host) for host, told in lacking if told["sudo"] == "not at all"]
    if spec.runtime != "venv" and not powerless:
        why = "" if lacking or spec.runtime != "auto" else f"Docker Engine {found[0]['engine']} answers"
        return "container", why, tuple(f"Docker Engine on {_called(host)}" for host, _ in lacking)
    if spec.runtime == "container":
        raise RuntimeUnavailable(
            f"cynthus.yaml asks for `runtime: container`, but no engine answers on {powerless[0]}, "
            "and this user may not install one",
            hint="connect as a user who may use sudo, or set `runtime: venv`",
        )
    for host, told in zip(hosts, found, strict=True):
        _refuse_missing_python(spec, host, told)
    return "venv", f"no Docker engine answers on {powerless[0]}" if spec.runtime == "auto" else "", ()


def _choose_gpus(
    spec: AppSpec, hosts: Sequence[Host], found: Sequence[Mapping[str, Any]]
) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """How many GPUs of each host, why those, and where a driver is to be installed first."""
    counts, whys, lacking = set(), [], []
    for host, told in zip(hosts, found, strict=True):
        name, wishes = _called(host), spec.resources.gpu
        if wishes and not told["gpus"] and told["nvidia_devices"] >= wishes[0].count:
            # Which model it is nobody can tell before there is a driver.
            counts.add(wishes[0].count)
            lacking.append(f"a driver for the GPUs of {name}")
            continue
        count, why = choose_gpus(wishes, _machine(told).gpus, name)
        counts.add(count)
        whys.append(why)
    if len(counts) > 1:
        raise PlacementRefused(
            "the machines have not the same number of the GPUs that were asked for",
            hint="ask for one model under `resources:`, or leave a machine out",
        )
    return counts.pop(), tuple(whys), tuple(lacking)


def _not_lingering(hosts: Sequence[Host], found: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Where lingering is to be switched on. By itself it is not worth a password: it comes with what is."""
    if any(told["sudo"] == "with a password" for told in found):
        return ()
    lacking = [host for host, told in zip(hosts, found, strict=True) if _may_linger(told)]
    return tuple(f"lingering on {_called(host)}" for host in lacking)


def _may_linger(told: Mapping[str, Any]) -> bool:
    return not told["lingers"] and told["sudo"] == "without a password"


def _refuse_missing_python(spec: AppSpec, host: Host, told: Mapping[str, Any]) -> None:
    wanted = spec.image.python
    if wanted is not None and not {f"python{wanted}", "uv"} & set(told["pythons"]):
        raise PythonMissing(
            f"the app asks for Python {wanted}, and {_called(host)} has no python{wanted}",
            hint=f"install Python {wanted} there, leave the key out, or use `runtime: container`",
        )


def _refuse_old_python(told: Mapping[str, Any], name: str) -> None:
    if told["python"] < OLDEST_PYTHON:
        raise PythonMissing(f"{name} has {_python(told)}, too old for the agent", hint=NEWER)


def _python(told: Mapping[str, Any]) -> str:
    return "Python " + ".".join(map(str, told["python"]))


def _findings(name: str, told: Mapping[str, Any]) -> tuple[Finding, ...]:
    free, skew = told["disk_free"] / GIB, abs(told["time"] - SystemClock().now().timestamp())
    disk = Finding(f"{name} disk", "ok", f"{free:.1f} GiB free for deployments")
    if free < 1:
        disk = Finding(f"{name} disk", "warning", f"only {free:.1f} GiB free for deployments", "make room there")
    clock = Finding(f"{name} clock", "ok", "agrees with this machine's")
    if skew > SKEW:
        hint = "set it there: sudo timedatectl set-ntp true"
        clock = Finding(f"{name} clock", "warning", f"is {skew:.0f} s off this machine's", hint)
    engine = f"Docker Engine {told['engine']} answers" if told["engine"] else "no engine answers; apps run in `venv`"
    python = Finding(f"{name} python", "ok", _python(told))
    if told["python"] < OLDEST_PYTHON:
        python = Finding(f"{name} python", "error", f"{_python(told)} is too old for the agent", NEWER)
    rest = (Finding(f"{name} docker", "ok", engine), _gpus(name, told))
    return (python, _becoming_root(name, told), _lingering(name, told), disk, clock, *rest)


def _gpus(name: str, told: Mapping[str, Any]) -> Finding:
    if told["gpus"] or not told["nvidia_devices"]:
        return Finding(f"{name} gpu", "ok", ", ".join(told["gpus"]) or "none that an NVIDIA driver shows")
    fix = (
        "`cynthus up` with `resources: {gpu: ...}` installs one, after it was shown; where that needs a reboot, "
        "--allow-reboot says yes to it"
    )
    return Finding(f"{name} gpu", "warning", f"{told['nvidia_devices']} of NVIDIA, and no driver that shows them", fix)


def _becoming_root(name: str, told: Mapping[str, Any]) -> Finding:
    known = {
        "is root": "the user is root",
        "without a password": "the user becomes root without a password",
        "with a password": "the user becomes root with a password: type it when asked, or set CYNTHUS_SUDO_PASSWORD",
    }
    if told["sudo"] in known:
        return Finding(f"{name} sudo", "ok", known[told["sudo"]])
    said = "the user may not become root"
    if told["engine"]:
        return Finding(f"{name} sudo", "ok", f"{said}, which nothing needs where Docker answers")
    hint = "connect as a user who may use sudo, or have Docker installed by somebody who may"
    return Finding(f"{name} sudo", "warning", f"{said}, so nothing can be installed", hint)


def _lingering(name: str, told: Mapping[str, Any]) -> Finding:
    if told["lingers"]:
        return Finding(f"{name} lingering", "ok", "systemd may look after the agent, also after a reboot")
    said = "after a reboot, and after it was killed, the agent is back only when somebody asks for the run"
    fix = f"have it switched on there: sudo loginctl enable-linger {told['user']}"
    if _may_linger(told):
        fix += "; `cynthus up` does it, but for `runtime: venv`, which changes nothing"
    return Finding(f"{name} lingering", "warning", said, fix)
