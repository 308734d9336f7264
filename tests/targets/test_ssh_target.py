"""What the target `ssh` decides and says, about a host that is this machine."""

from __future__ import annotations

import json
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.core.placement import Placement
from cynthus.errors import HostUnreachable, PlacementRefused, PythonMissing, RuntimeUnavailable
from cynthus.targets.ssh import reader
from cynthus.targets.ssh.target import SshTarget, hosts_of, ssh_environment
from tests import specs
from tests.targets.places import calls, fake_ssh, refusing, script, settings_of

if TYPE_CHECKING:
    from cynthus.core.finding import Finding
    from cynthus.core.spec import AppSpec

pytestmark = pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="no /usr/bin/python3 on this machine")


def spec(*hosts: object, **keys: Any) -> AppSpec:
    ssh = {"hosts": list(hosts or ("there",))}
    return specs.spec(target="ssh", ssh=ssh, **keys)


def target(folder: Path) -> SshTarget:
    if not (folder / "bin/ssh").exists():
        fake_ssh(folder)
    return SshTarget(settings_of(folder, CYNTHUS_OF_A_TEST="geheim"))


def place(folder: Path, app: AppSpec) -> Placement:
    return target(folder).place(app, folder / "infra")


def with_engine(folder: Path) -> Path:
    script(folder, "docker", "echo 27.1")
    return folder


def with_gpus(folder: Path, *names: str) -> Path:
    script(folder, "nvidia-smi", "\n".join(f"echo '{name}'" for name in names))
    return folder


def pretending(folder: Path, **told: object) -> Path:
    """A host that says so of itself."""
    hello = {"hello": reader.HELLO, "python": told.pop("python", [3, 12, 0]), "base": "/opt/cynthus"}
    usual = {"cpus": 4, "memory": 2**34, "disk_free": 2**40, "gpus": [], "engine": "", "system": "Debian",
             "sudo": "without a password", "user": "me", "lingers": True, "pythons": [], "nvidia_devices": 0,
             "driver": [], "time": time.time()}  # fmt: skip
    answer = {"value": {**usual, **told}}
    fake_ssh(folder, f"echo '{json.dumps(hello)}'; while read -r line; do echo '{json.dumps(answer)}'; done; exit\n")
    return folder


def test_the_plainest_app_is_placed_on_one_machine(tmp_path: Path) -> None:
    placement = place(tmp_path, spec())
    assert (placement.target, placement.nodes, placement.gpus) == ("ssh", 1, 0)


def test_the_machine_is_asked_through_one_connection(tmp_path: Path) -> None:
    place(tmp_path, spec())
    assert len(calls(tmp_path / "bin/ssh")) == 1


def test_an_app_is_placed_on_all_machines_that_are_named(tmp_path: Path) -> None:
    assert place(tmp_path, spec("a", "b")).nodes == 2


def test_nodes_takes_the_first_of_those_that_are_named() -> None:
    hosts = hosts_of(spec("a", "b", "c", resources={"nodes": 2}))
    assert [host.address for host in hosts] == ["a", "b"]


def test_more_nodes_than_are_named_are_refused_and_none_is_asked(tmp_path: Path) -> None:
    with pytest.raises(PlacementRefused, match="`nodes: 3` is more than the 2"):
        place(tmp_path, spec("a", "b", resources={"nodes": 3}))
    assert calls(tmp_path / "bin/ssh") == []


def test_without_machines_it_is_refused_with_an_example(tmp_path: Path) -> None:
    with pytest.raises(PlacementRefused, match="names none") as caught:
        place(tmp_path, specs.spec(target="ssh"))
    assert "ssh: {hosts:" in caught.value.hint


def test_a_machine_that_cannot_be_reached_is_an_error(tmp_path: Path) -> None:
    fake_ssh(tmp_path, refusing("me@there: Permission denied (publickey)."))
    with pytest.raises(HostUnreachable, match=r"host-0 \(there\) does not let this user in"):
        place(tmp_path, spec())


# the runtime


def test_without_an_engine_the_runtime_is_venv_and_says_why(tmp_path: Path) -> None:
    placement = place(pretending(tmp_path, sudo="not at all"), spec())
    assert (placement.runtime, placement.reasons) == ("venv", ("no Docker engine answers on host-0 (there)",))


def test_where_an_engine_answers_the_runtime_is_a_container(tmp_path: Path) -> None:
    placement = place(with_engine(tmp_path), spec())
    assert (placement.runtime, placement.reasons) == ("container", ("Docker Engine 27.1 answers",))


def test_an_engine_that_fails_is_none(tmp_path: Path) -> None:
    script(tmp_path, "docker", "echo 27.1; exit 1")
    assert place(tmp_path, spec()).unready == ("Docker Engine on host-0 (there)",)


def test_who_asks_for_venv_gets_it(tmp_path: Path) -> None:
    placement = place(with_engine(tmp_path), spec(runtime="venv"))
    assert (placement.runtime, placement.reasons) == ("venv", ())


def test_a_container_without_an_engine_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"no engine answers on host-0 \(there\)") as caught:
        place(pretending(tmp_path, sudo="not at all"), spec(runtime="container"))
    assert "runtime: venv" in caught.value.hint


@pytest.mark.parametrize(
    ("sudo", "asking"),
    [("is root", ()), ("without a password", ()), ("with a password", ("host-0 (there)",))],
)
def test_who_may_become_root_gets_an_engine(tmp_path: Path, sudo: str, asking: tuple[str, ...]) -> None:
    placement = place(pretending(tmp_path, sudo=sudo), spec())
    assert (placement.runtime, placement.unready) == ("container", ("Docker Engine on host-0 (there)",))
    assert placement.asking == asking


def test_a_host_that_lacks_nothing_asks_for_no_password(tmp_path: Path) -> None:
    assert place(pretending(tmp_path, sudo="with a password", engine="27.1"), spec()).asking == ()


def test_where_one_machine_lacks_something_all_that_ask_are_named(tmp_path: Path) -> None:
    first = tmp_path / "bin/ssh.first"
    pretending(tmp_path, sudo="with a password", engine="27.1")
    ready = first.read_text()
    pretending(tmp_path, sudo="with a password")
    bare = first.read_text()
    first.write_text(f"if /bin/grep -q ready /proc/$$/cmdline; then\n{ready}\nelse\n{bare}\nfi\n")
    placement = place(tmp_path, spec("bare", "ready"))
    assert placement.unready == ("Docker Engine on host-0 (bare)",)
    assert placement.asking == ("host-0 (bare)", "host-1 (ready)")


@pytest.mark.parametrize(
    ("sudo", "unready"),
    [("without a password", ("lingering on host-0 (there)",)), ("with a password", ()), ("not at all", ())],
)
def test_lingering_is_switched_on_for_whoever_needs_no_password(
    tmp_path: Path, sudo: str, unready: tuple[str, ...]
) -> None:
    placement = place(pretending(tmp_path, sudo=sudo, engine="27.1", lingers=False), spec())
    assert (placement.unready, placement.asking) == (unready, ())


def test_lingering_on_one_machine_is_not_worth_the_password_of_another(tmp_path: Path) -> None:
    first = tmp_path / "bin/ssh.first"
    pretending(tmp_path, sudo="with a password", engine="27.1", lingers=False)
    asks = first.read_text()
    pretending(tmp_path, engine="27.1", lingers=False)
    first.write_text(f"if /bin/grep -q asks /proc/$$/cmdline; then\n{asks}\nelse\n{first.read_text()}\nfi\n")
    placement = place(tmp_path, spec("there", "asks"))
    assert (placement.unready, placement.asking) == ((), ())


def test_for_venv_not_even_lingering_is_switched_on(tmp_path: Path) -> None:
    assert place(pretending(tmp_path, lingers=False), spec(runtime="venv")).unready == ()


def test_a_driver_needs_the_password_too(tmp_path: Path) -> None:
    told = pretending(tmp_path, sudo="with a password", engine="27.1", nvidia_devices=1)
    assert place(told, spec(resources={"gpu": "L4"})).asking == ("host-0 (there)",)


def test_a_python_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PythonMissing, match=r"host-0 \(there\) has no python3\.99"):
        place(tmp_path, spec(image={"python": "3.99"}, runtime="venv"))


def test_a_python_that_is_there_is_taken(tmp_path: Path) -> None:
    script(tmp_path, "python3.14", "")
    assert place(tmp_path, spec(image={"python": "3.14"}, runtime="venv")).unready == ()


def test_uv_brings_any_python(tmp_path: Path) -> None:
    script(tmp_path, "uv", "")
    assert place(tmp_path, spec(image={"python": "3.99"}, runtime="venv")).unready == ()


def test_a_python_too_old_for_the_agent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PythonMissing, match=r"has Python 3\.8\.10, too old"):
        place(pretending(tmp_path, python=[3, 8, 10]), spec())


# what the machines have


def test_gpus_are_known_by_the_name_that_the_driver_gives(tmp_path: Path) -> None:
    placement = place(with_gpus(tmp_path, "NVIDIA L4", "NVIDIA L4"), spec(resources={"gpu": "L4:2"}))
    assert (placement.gpus, "host-0 (there) has L4:2" in placement.reasons) == (2, True)


def test_a_gpu_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlacementRefused, match=r"gpu: L4.*host-0 \(there\) has no GPU"):
        place(tmp_path, spec(resources={"gpu": "L4"}))


@pytest.mark.parametrize(
    ("resources", "word"),
    [({"cpus": "5"}, "cpus: 5"), ({"memory": "17GiB"}, "memory: 17GiB"), ({"disk": "2TiB"}, "disk: 2TiB")],
)
def test_more_than_a_machine_has_is_refused(tmp_path: Path, resources: dict[str, str], word: str) -> None:
    with pytest.raises(PlacementRefused, match=rf"{word}.*host-0 \(there\)"):
        place(pretending(tmp_path), spec(resources=resources))


# what is told to the others


@pytest.mark.parametrize(
    ("nodes", "gpus", "words"),
    [(1, 0, "a machine of yours"), (3, 0, "3 machines of yours"), (1, 1, "a machine of yours with 1 GPU"),
     (2, 4, "2 machines of yours with 4 GPUs")],
)  # fmt: skip
def test_the_offer_costs_nothing_and_names_what_there_is(tmp_path: Path, nodes: int, gpus: int, words: str) -> None:
    offer = target(tmp_path).offer(spec(), Placement("ssh", "venv", nodes=nodes, gpus=gpus))
    assert (offer.machine, offer.per_hour, offer.maximum) == (words, 0.0, 0.0)


@pytest.mark.parametrize(
    ("machine", "told"),
    [
        ("a", {"address": "a"}),
        ({"address": "b", "port": 22}, {"address": "b"}),
        ({"address": "c", "internal_address": "10.0.0.1"}, {"address": "c", "internal_address": "10.0.0.1"}),
        *[({"address": "d", **each}, {"address": "d", **each}) for each in (
            {"user": "me"}, {"port": 2222}, {"key": "~/.ssh/lab"}, {"proxy_jump": "gate"},
        )],
    ],
)  # fmt: skip
def test_terraform_is_told_what_the_spec_says_and_nothing_else(
    tmp_path: Path, machine: object, told: dict[str, object]
) -> None:
    app = spec(machine)
    given = target(tmp_path)
    values = given.variables("app-123abc", app, Placement("ssh", "venv", gpus=1), given.roots[-1])
    assert values == {"deployment": "app-123abc", "gpus": 1, "machines": {"host-0": told}}


def test_the_hosts_are_those_that_terraform_will_tell_of() -> None:
    app = spec({"address": "a", "internal_address": "10.0.0.1", "proxy_jump": "gate"})
    assert hosts_of(app) == (Host("host-0", "a", "10.0.0.1", None, 22, 0, ConnectionInfo("ssh", proxy_jump="gate")),)


def test_a_host_is_reached_through_one_connection(tmp_path: Path) -> None:
    given = target(tmp_path)
    (host,) = hosts_of(spec())
    assert given.connect(host, tmp_path) is given.connect(host, tmp_path)


def test_its_key_is_pinned_in_the_rendered_folder(tmp_path: Path) -> None:
    place(tmp_path, spec())
    assert f'UserKnownHostsFile="{tmp_path}/infra/known_hosts"' in calls(tmp_path / "bin/ssh")[0]


def test_a_deployment_lies_where_the_host_keeps_them(tmp_path: Path) -> None:
    (host,) = hosts_of(spec())
    connection = target(pretending(tmp_path)).connect(host, tmp_path)
    assert connection.home("app-123abc") == PurePosixPath("/opt/cynthus/app-123abc")


def test_ssh_sees_nothing_of_the_environment_that_it_does_not_need() -> None:
    given = {"PATH": "/bin", "HOME": "/me", "SSH_AUTH_SOCK": "/agent", "TOKEN": "geheim", "LC_SECRET": "geheim"}
    assert ssh_environment(given) == {"PATH": "/bin", "HOME": "/me", "SSH_AUTH_SOCK": "/agent"}


def test_a_command_that_does_not_get_through_is_told(tmp_path: Path) -> None:
    (host,) = hosts_of(spec())
    connection = target(tmp_path).connect(host, tmp_path)
    connection.run(("true",))
    fake_ssh(tmp_path, refusing("ssh: connect to host there port 22: Connection refused"))
    with pytest.raises(HostUnreachable, match="refuses the connection"):
        connection.run(("true",))


# doctor


def findings(folder: Path, app: AppSpec | None = None) -> dict[str, Finding]:
    found = target(folder).check(app or spec(), folder / "infra")
    return {each.check.removeprefix("host-0 (there)").strip(): each for each in found}


def test_doctor_looks_at_all_that_matters(tmp_path: Path) -> None:
    assert list(findings(tmp_path)) == ["", "python", "sudo", "lingering", "disk", "clock", "docker", "gpu"]


def test_all_is_well_with_a_host_that_has_what_it_needs(tmp_path: Path) -> None:
    assert {each.level for each in findings(pretending(tmp_path)).values()} == {"ok"}


def test_doctor_names_the_system(tmp_path: Path) -> None:
    assert findings(pretending(tmp_path))[""].message == "answers: Debian"


def test_a_host_that_cannot_be_reached_is_an_error_with_its_fix(tmp_path: Path) -> None:
    fake_ssh(tmp_path, refusing("me@there: Permission denied (publickey)."))
    (found,) = findings(tmp_path).values()
    assert (found.level, "ssh-copy-id" in found.fix) == ("error", True)


def test_a_python_that_is_too_old_is_an_error(tmp_path: Path) -> None:
    found = findings(pretending(tmp_path, python=[3, 9, 2]))["python"]
    assert (found.level, found.message) == ("error", "Python 3.9.2 is too old for the agent")


@pytest.mark.parametrize(
    ("sudo", "engine", "level", "word"),
    [
        ("is root", "", "ok", "is root"),
        ("without a password", "", "ok", "without a password"),
        ("with a password", "", "ok", "CYNTHUS_SUDO_PASSWORD"),
        ("not at all", "27.1", "ok", "nothing needs"),
        ("not at all", "", "warning", "nothing can be installed"),
    ],
)
def test_how_the_user_becomes_root_is_told(tmp_path: Path, sudo: str, engine: str, level: str, word: str) -> None:
    found = findings(pretending(tmp_path, sudo=sudo, engine=engine))["sudo"]
    assert (found.level, word in found.message) == (level, True)


@pytest.mark.parametrize(
    ("sudo", "end"), [("without a password", "which changes nothing"), ("not at all", "sudo loginctl enable-linger me")]
)
def test_an_agent_that_nobody_looks_after_is_a_warning_with_its_fix(tmp_path: Path, sudo: str, end: str) -> None:
    found = findings(pretending(tmp_path, lingers=False, sudo=sudo))["lingering"]
    assert (found.level, "sudo loginctl enable-linger me" in found.fix) == ("warning", True)
    assert found.fix.endswith(end)


def test_little_room_is_a_warning(tmp_path: Path) -> None:
    found = findings(pretending(tmp_path, disk_free=2**29))["disk"]
    assert (found.level, found.message) == ("warning", "only 0.5 GiB free for deployments")


def test_a_clock_that_is_a_day_off_is_a_warning_with_its_fix(tmp_path: Path) -> None:
    found = findings(pretending(tmp_path, time=time.time() - 86400))["clock"]
    assert (found.level, "timedatectl" in found.fix) == ("warning", True)


def test_doctor_names_engine_and_gpus(tmp_path: Path) -> None:
    found = findings(with_gpus(with_engine(tmp_path), "NVIDIA L4", "Tesla T4"))
    assert found["docker"].message == "Docker Engine 27.1 answers"
    assert found["gpu"].message == "NVIDIA L4, Tesla T4"


def test_a_gpu_without_a_driver_is_a_warning_with_its_fix(tmp_path: Path) -> None:
    found = findings(pretending(tmp_path, nvidia_devices=2))["gpu"]
    assert (found.level, "2 of NVIDIA" in found.message, "resources: {gpu:" in found.fix) == ("warning", True, True)


def test_without_machines_doctor_says_where_to_name_them(tmp_path: Path) -> None:
    (found,) = target(tmp_path).check(None, tmp_path)
    assert (found.level, "`ssh:`" in found.fix) == ("error", True)


def test_the_driver_that_counts_is_the_oldest(tmp_path: Path) -> None:
    pretending(tmp_path, gpus=["NVIDIA L4"], driver=["NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.26  Thu Jan"])
    assert place(tmp_path, spec(resources={"gpu": "L4:1"})).driver == 570


@pytest.mark.parametrize("resources", [{"zone": "us-central1-a"}, {"spot": True}, {"flex_start": True}])
def test_how_a_machine_is_to_be_made_is_refused_before_any_is_asked(tmp_path: Path, resources: dict[str, Any]) -> None:
    with pytest.raises(PlacementRefused, match="`target: ssh` none is"):
        place(tmp_path, spec(resources=resources))
    assert calls(tmp_path / "bin/ssh") == []
