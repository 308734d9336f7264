"""The playbook that makes hosts ready, played here against stand-ins. What it installs is tried on real hosts."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cynthus.ansible.adapter import AnsibleRunner, ansible_playbook, script_folders
from cynthus.errors import DiskFull, GpusFailed, HostUnfit, NotAllowed
from cynthus.process import Command, Completed, run
from tests.ansible.standins import BOOKWORM, StandIn
from tests.ansible.workbench import rendered, settings_in

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.ansible.client import PlayResult

MISMATCH = "Failed to initialize NVML: Driver/library version mismatch"
DISK = ("*", "docker: failed to register layer: no space left on device", 125)


@pytest.fixture
def host(tmp_path: Path) -> StandIn:
    """A Debian with a Docker Engine that works, and no GPU. What Ansible itself needs is this machine's."""
    made = StandIn(tmp_path / "host")
    made.file("etc/os-release", BOOKWORM)
    made.packages(docker__io="28.2.2")
    made.engine()
    made.toolkit()
    for name in ("apt-get", "apt-helper", "cloud-init", "gpasswd", "systemctl", "runuser", "dmesg"):
        made.script(name, f"echo '{name}' \"$*\" >>{made.folder}/called\nexit 1\n")
    made.apt_knows("*")
    (made.folder / "pci").mkdir()
    return made


def wishes(host: StandIn, **more: object) -> dict[str, object]:
    """Extra variables that turn the play to the stand-in."""
    return {
        "configure_host": True,
        "survey_root": str(host.folder / "root"),
        "survey_path": "",
        "survey_user": "root",
        "survey_wait": 0,
        "nvidia_pci_root": str(host.folder / "pci"),
        **more,
    }


def configure(host: StandIn, runtime: str = "container", **extravars: object) -> PlayResult:
    root = rendered(host.folder / "app", runtime)
    settings = settings_in(host.folder, PATH=f"{host.programs}:{os.environ['PATH']}")
    return AnsibleRunner(settings).play(
        root / "ansible/playbooks/configure.yml",
        inventory=root / "inventory.py",
        extravars=wishes(host, **extravars),
        activity=lambda _: None,
    )


def by_hand(host: StandIn, *arguments: str) -> Completed:
    root = rendered(host.folder / "app")
    program = ansible_playbook(script_folders())
    own = settings_in(host.folder, PATH=f"{host.programs}:{program.parent}:{os.environ['PATH']}")
    argv = (str(program), "-i", "inventory.py", "ansible/playbooks/configure.yml", *arguments)
    return run(Command(argv, cwd=root, env={**own.environment, "LC_ALL": "C.UTF-8"}))


def gpu(host: StandIn, container: tuple[str, str, int]) -> None:
    """A GPU with a driver that works. `container` is what becomes of a container that wants it."""
    host.gpu("2330")
    host.driver("580.95.05")
    engine = (host.programs / "docker").read_text().removeprefix("#!/bin/sh\n")
    pattern, text, code = container
    host.script("docker", f"case \"$*\" in 'run '*) echo '{text}'; exit {code};; {pattern}) :;; esac\n{engine}")


def test_a_host_that_is_ready_is_left_as_it_is(host: StandIn) -> None:
    assert [task.task for task in configure(host).tasks if task.changed] == []


def test_a_host_that_is_ready_costs_one_round_trip(host: StandIn) -> None:
    asked = [task.task for task in configure(host).tasks if task.stdout]
    assert asked == ["Look at what is there"]


def test_what_was_found_comes_back_as_one_object(host: StandIn) -> None:
    found = json.loads(configure(host, survey_only=True).stdout("survey", "host-0"))
    assert sorted(found) == ["changes", "docker", "host", "needs_root", "nvidia", "problems"]


def test_what_would_be_changed_is_known_before_anything_is_done(host: StandIn) -> None:
    result = configure(host, survey_only=True, docker_data_root="/data")
    found = json.loads(result.stdout("survey", "host-0"))
    assert [(change["kind"], change["role"]) for change in found["changes"]] == [
        ("install", "docker"), ("restart", "docker")
    ]  # fmt: skip
    assert {task.role for task in result.tasks} == {"survey"}


def test_looking_installs_nothing_and_takes_no_lock(host: StandIn) -> None:
    (host.programs / "docker").unlink()
    host.script("docker", "exit 1\n")
    configure(host, survey_only=True)
    called = (host.folder / "called").read_text() if (host.folder / "called").exists() else ""
    assert [line for line in called.splitlines() if not line.startswith(("apt-get -s ", "cloud-init status"))] == []
    assert "--wait" not in called


def test_by_hand_the_changes_are_sentences(host: StandIn) -> None:
    extra = json.dumps(wishes(host, survey_only=True, docker_data_root="/data"))
    assert "restart: docker.service, since it takes data-root over only when it starts" in (
        by_hand(host, "-e", extra).stdout.decode()
    )


def test_a_restart_while_containers_run_is_refused_before_anything_is_done(host: StandIn) -> None:
    host.engine(containers="web")
    with pytest.raises(NotAllowed, match="containers run there: web") as caught:
        configure(host, docker_data_root="/data")
    assert ("--allow-disrupt" in caught.value.hint, "systemctl restart docker" in caught.value.hint) == (True, True)
    assert not (host.folder / "root/etc/docker/daemon.json").exists()


def test_a_reboot_is_refused_before_anything_is_done(host: StandIn) -> None:
    host.gpu("2330")
    host.broken_driver(MISMATCH, 18)
    with pytest.raises(NotAllowed, match="reboot") as caught:
        configure(host)
    assert ("--allow-reboot" in caught.value.hint, "sudo reboot" in caught.value.hint) == (True, True)


def test_leave_to_disrupt_is_no_leave_to_reboot(host: StandIn) -> None:
    host.gpu("2330")
    host.broken_driver(MISMATCH, 18)
    with pytest.raises(NotAllowed):
        configure(host, cynthus_allow_disrupt=True)


def test_a_problem_is_said_before_anything_is_done(host: StandIn) -> None:
    host.file("etc/docker/daemon.json", "{")
    with pytest.raises(HostUnfit, match=r"daemon\.json is not JSON"):
        configure(host, docker_data_root="/data")


def test_gpus_that_nobody_asked_for_are_left_alone(host: StandIn) -> None:
    host.gpu("2330")
    host.broken_driver(MISMATCH, 18)
    assert [task.task for task in configure(host, cynthus_gpus=0).tasks if task.changed] == []


def test_gpus_that_were_asked_for_and_are_not_there_are_missed(host: StandIn) -> None:
    with pytest.raises(HostUnfit, match="4 GPUs are asked for"):
        configure(host, cynthus_gpus=4)


def test_gpus_that_work_are_tried_on_the_host_and_in_a_container(host: StandIn) -> None:
    gpu(host, ("x", "GPU 0: NVIDIA H100 (UUID: GPU-0)", 0))
    result = configure(host)
    assert json.loads(result.stdout("nvidia", "host-0"))["access"] == "cdi"
    assert [task.task for task in result.tasks if task.changed] == []


def test_gpus_that_do_not_work_in_a_container_are_said_not_to(host: StandIn) -> None:
    gpu(host, DISK)
    with pytest.raises(DiskFull, match="there is no room left on the host") as caught:
        configure(host)
    assert caught.value.details


def test_what_nobody_has_foreseen_is_told_in_the_hosts_own_words(host: StandIn) -> None:
    gpu(host, ("x", "something new", 1))
    with pytest.raises(GpusFailed, match="Ask nvidia-smi on the host and in a container failed") as caught:
        configure(host)
    assert any("something new" in line for line in caught.value.details)


def test_check_mode_says_what_would_be_done_and_does_nothing(host: StandIn) -> None:
    extra = json.dumps(wishes(host, docker_data_root="/data"))
    done = by_hand(host, "--check", "-e", extra)
    assert (done.returncode, b"changed=1 " in done.stdout) == (0, True)
    assert not (host.folder / "root/etc/docker").exists()


def test_check_mode_says_that_lingering_would_be_switched_on_and_does_not(host: StandIn) -> None:
    host.file("run/systemd/system/there", "")
    host.script("loginctl", f'echo "$*" >>{host.folder}/logind\n')
    extra = json.dumps(wishes(host, survey_user="ann", docker_users=[]))
    done = by_hand(host, "--check", "-e", extra)
    assert (done.returncode, b"install: lingering for ann, since" in done.stdout, b"changed=1 " in done.stdout) == (
        0, True, True
    ), done  # fmt: skip
    assert set((host.folder / "logind").read_text().splitlines()) == {"list-users"}


def test_lingering_that_is_not_wanted_is_not_switched_on(host: StandIn) -> None:
    host.file("run/systemd/system/there", "")
    host.script("loginctl", f'echo "$*" >>{host.folder}/logind\n')
    result = configure(host, survey_user="ann", docker_users=[], lingering_wanted=False)
    assert [task.task for task in result.tasks if task.changed] == []


def test_the_machine_at_hand_is_not_made_ready(host: StandIn) -> None:
    host.file("etc/docker/daemon.json", "{")
    assert {task.role for task in configure(host, configure_host=False, docker_data_root="/data").tasks} == set()


def test_a_host_without_python_is_told_to_need_it(host: StandIn) -> None:
    # `command -v` is asked in the folder of the stand-ins alone.
    root = rendered(host.folder / "app")
    program = next((root / "ansible/roles/survey/vars").glob("main.yml"))
    program.write_text(program.read_text().replace("command -v python3", "command -v python-not-there"))
    settings = settings_in(host.folder, PATH=f"{host.programs}:{os.environ['PATH']}")
    result = AnsibleRunner(settings).play(
        root / "ansible/playbooks/configure.yml",
        inventory=root / "inventory.py",
        extravars=wishes(host, survey_only=True),
        activity=lambda _: None,
    )
    assert json.loads(result.stdout("survey", "host-0"))["changes"][0]["what"] == "Python 3"


def test_an_app_in_a_virtual_environment_needs_no_docker_for_the_gpus_driver(host: StandIn) -> None:
    host.gpu("2330")
    told = configure(host, "venv", survey_only=True, docker_data_root="/data").stdout("survey", "host-0")
    assert {each["role"] for each in json.loads(told)["changes"]} == {"nvidia"}


def test_the_same_in_a_container_needs_both(host: StandIn) -> None:
    host.gpu("2330")
    told = configure(host, survey_only=True, docker_data_root="/data").stdout("survey", "host-0")
    assert {each["role"] for each in json.loads(told)["changes"]} == {"docker", "nvidia"}
