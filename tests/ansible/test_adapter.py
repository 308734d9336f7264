"""Playbooks under the real ansible-runner."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cynthus.ansible.adapter import AnsibleRunner, ansible_playbook, script_folders
from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.errors import AnsibleError, AnsibleMissing, DiskFull, TaskFailed
from cynthus.process import Command, run
from tests.ansible.workbench import TEMPLATES, command, settings_in, stage, write_inventory, write_playbook

SENTINEL = "sentinel-4f1c9a"


def test_ansible_playbook_is_found_beside_our_python() -> None:
    assert ansible_playbook(script_folders()).name == "ansible-playbook"


def test_an_installation_without_ansible_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(AnsibleMissing, match=tmp_path.name):
        ansible_playbook([tmp_path])


def test_nothing_of_the_play_is_left_in_memory(tmp_path: Path) -> None:
    stage(tmp_path, [command("Pass", "true")]).play()
    assert list((tmp_path / "tmpfs/ansible").iterdir()) == []


def test_nothing_of_the_play_is_left_beside_the_playbook_or_at_home(tmp_path: Path) -> None:
    stage(tmp_path, [command("Pass", "true")]).play()
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"playbook.yml", "hosts.yml"}


def test_a_secret_of_the_users_is_neither_in_a_file_of_the_play_nor_in_its_environment(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    copy = f'cp -r "{tmp_path}/tmpfs" "{kept}"; env > "{kept}/environment"'
    settings = settings_in(tmp_path, TOKEN=SENTINEL, ANSIBLE_PASSWORD=SENTINEL, PYTHONPATH=f"/{SENTINEL}")
    stage(tmp_path, [command("Keep the files of this play", "sh", "-c", copy)], settings=settings).play()
    written = {path.name: path.read_bytes() for path in kept.rglob("*") if path.is_file()}
    assert "command" in written, "the file in which ansible-runner writes the environment was not seen"
    assert [name for name, data in written.items() if SENTINEL.encode() in data] == []


def test_a_password_for_sudo_lies_in_one_private_file_and_nowhere_else(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    # Others' processes come and go meanwhile.
    argv = f'cat /proc/[0-9]*/cmdline > "{kept}/argv" 2>/dev/null || true'
    copy = f'cp -rp "{tmp_path}/tmpfs" "{kept}"; env > "{kept}/environment"; {argv}'
    made = stage(tmp_path, [command("Keep the files of this play", "sh", "-c", copy)])
    made.ansible.play(
        made.playbook, inventory=made.inventory, extravars={}, activity=lambda _: None, sudo_password=SENTINEL
    )
    holding = [path for path in kept.rglob("*") if path.is_file() and SENTINEL.encode() in path.read_bytes()]
    assert [(path.name, path.stat().st_mode & 0o777) for path in holding] == [("sudo-password", 0o600)]
    assert list((tmp_path / "tmpfs/ansible").iterdir()) == []


def test_the_inventory_is_told_of_the_hosts_that_are_known(tmp_path: Path) -> None:
    made = stage(tmp_path, [command("Look at it", "true")])
    inventory = Path(shutil.copy(TEMPLATES.parent / "terraform/common/compute/inventory.py", tmp_path))
    # What somebody says for their pipeline is not meant for this play.
    known = [Host(name, "127.0.0.1", "127.0.0.1", None, 22, 0, ConnectionInfo("local")) for name in ("one", "two")]
    result = AnsibleRunner(settings_in(tmp_path, CYNTHUS_HOSTS="[]")).play(
        made.playbook, inventory=inventory, extravars={}, activity=lambda _: None, hosts=known
    )
    assert {task.host for task in result.tasks} == {"one", "two"}


def test_what_leads_through_googles_proxy_lies_in_one_private_file_and_nowhere_else(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    copy = f'cp -rp "{tmp_path}/tmpfs" "{kept}"; env > "{kept}/environment"'
    settings = settings_in(tmp_path, GOOGLE_OAUTH_ACCESS_TOKEN=SENTINEL)
    stage(tmp_path, [command("Keep the files of this play", "sh", "-c", copy)], settings=settings).play()
    holding = [path for path in kept.rglob("*") if path.is_file() and SENTINEL.encode() in path.read_bytes()]
    assert [(path.name, path.stat().st_mode & 0o777) for path in holding] == [("google", 0o600)]
    assert f"CYNTHUS_GOOGLE_FILE={tmp_path}/tmpfs/ansible/" in (kept / "environment").read_text()


@pytest.mark.parametrize(
    "variables",
    [
        {"ANSIBLE_CONFIG": "/nonexistent/ansible.cfg"},
        {"ANSIBLE_STDOUT_CALLBACK": "json", "ANSIBLE_CALLBACK_PLUGINS": "/nonexistent"},
        {"ANSIBLE_STRATEGY": "bogus", "ANSIBLE_CHECK_MODE_MARKERS": "maybe"},
        {"PYTHONPATH": "/nonexistent", "PYTHONHOME": "/nonexistent", "PYTHONWARNINGS": "error"},
        {"LC_ALL": "C", "LANG": "xx_XX", "AWX_LIB_DIRECTORY": "/nonexistent", "JOB_ID": "none"},
    ],
)
def test_the_users_settings_of_ansible_and_python_do_not_matter(tmp_path: Path, variables: dict[str, str]) -> None:
    # In a process of its own: ansible-runner looks into os.environ, whatever it is told.
    staged = stage(tmp_path, [command("Say", "echo", "well")])
    program = f"""
import os, sys
from pathlib import Path
os.environ.update({variables!r})
from cynthus import settings
from cynthus.ansible.adapter import AnsibleRunner
own = settings.read(os.environ)._replace(tmpfs=Path({str(tmp_path / "tmpfs")!r}))
result = AnsibleRunner(own).play(
    Path({str(staged.playbook)!r}), inventory=Path({str(staged.inventory)!r}), extravars={{}}, activity=lambda _: None
)
print(result.tasks[0].stdout)
"""
    done = run(Command((sys.executable, "-c", program)))
    assert done.stdout == b"well\n", done.stderr.decode()


def test_a_cwd_that_is_gone_does_not_matter(tmp_path: Path) -> None:
    staged = stage(tmp_path, [command("Say", "echo", "well")])
    (tmp_path / "cwd").mkdir()
    program = f"""
import os
from pathlib import Path
from cynthus import settings
from cynthus.ansible.adapter import AnsibleRunner
os.rmdir(os.getcwd())
own = settings.read(os.environ)._replace(tmpfs=Path({str(tmp_path / "tmpfs")!r}))
AnsibleRunner(own).play(
    Path({str(staged.playbook)!r}), inventory=Path({str(staged.inventory)!r}), extravars={{}}, activity=print
)
"""
    done = run(Command((sys.executable, "-c", program), cwd=tmp_path / "cwd"))
    assert done.stdout == b"Say\n", done.stderr.decode()


def test_output_that_no_log_hides_is_not_told(tmp_path: Path) -> None:
    staged = stage(tmp_path, [command("Fail quietly", "sh", "-c", f"echo {SENTINEL}; exit 1", no_log=True)])
    with pytest.raises(TaskFailed) as caught:
        staged.play()
    assert SENTINEL not in "\n".join([caught.value.message, caught.value.hint, *caught.value.details])


def test_a_playbook_that_is_not_there_is_named(tmp_path: Path) -> None:
    staged = stage(tmp_path, [])
    staged.playbook.unlink()
    with pytest.raises(AnsibleError) as caught:
        staged.play()
    assert any("playbook.yml" in line for line in caught.value.details)


def test_a_playbook_that_is_no_yaml_is_shown_where_it_breaks(tmp_path: Path) -> None:
    staged = stage(tmp_path, [])
    staged.playbook.write_text("- hosts: all\n  tasks: [\n")
    with pytest.raises(AnsibleError) as caught:
        staged.play()
    assert any("YAML parsing failed" in line for line in caught.value.details)


def test_an_inventory_that_fails_is_an_error_with_its_own_words(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.py"
    inventory.write_text(f"#!{sys.executable}\nraise SystemExit('nothing stands yet: run terraform apply')\n")
    inventory.chmod(0o755)
    playbook = write_playbook(tmp_path, {"tasks": []})
    with pytest.raises(AnsibleError) as caught:
        AnsibleRunner(settings_in(tmp_path)).play(playbook, inventory=inventory, extravars={}, activity=lambda _: None)
    assert any("nothing stands yet" in line for line in caught.value.details)


def test_an_inventory_without_a_host_for_the_play_is_an_error(tmp_path: Path) -> None:
    playbook = write_playbook(tmp_path, {"hosts": "cynthus", "tasks": [command("Pass", "true")]})
    with pytest.raises(AnsibleError, match="no host"):
        AnsibleRunner(settings_in(tmp_path)).play(
            playbook, inventory=write_inventory(tmp_path), extravars={}, activity=lambda _: None
        )


def test_a_failure_that_the_playbook_rescues_is_none(tmp_path: Path) -> None:
    block = {"name": "Try", "block": [command("Fail", "false")], "rescue": [command("Go on", "echo", "well")]}
    assert stage(tmp_path, [block]).play().tasks[-1].stdout == "well"


def test_long_output_arrives_whole(tmp_path: Path) -> None:
    text = stage(tmp_path, [command("Say much", "sh", "-c", "seq 1 40000")]).play().tasks[0].stdout
    assert text.split("\n") == [str(number) for number in range(1, 40001)]


def test_plays_at_the_same_time_do_not_mix(tmp_path: Path) -> None:
    stages = [stage(tmp_path / str(number), [command("Say", "echo", str(number))]) for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda staged: staged.play().tasks[0].stdout, stages))
    assert results == ["0", "1", "2"]


def test_activity_is_told_in_the_thread_that_called(tmp_path: Path) -> None:
    threads: list[int] = []
    stage(tmp_path, [command("Pass", "true")]).play(lambda _: threads.append(threading.get_ident()))
    assert threads == [threading.get_ident()]


def test_an_error_of_activity_comes_through_as_it_is(tmp_path: Path) -> None:
    def broken(_: str) -> None:
        raise BrokenPipeError("nobody reads")

    with pytest.raises(BrokenPipeError):
        stage(tmp_path, [command("Pass", "true")]).play(broken)


def test_a_path_from_somewhere_else_is_understood(tmp_path: Path) -> None:
    staged = stage(tmp_path, [command("Say", "echo", "well")])
    relative = [Path(os.path.relpath(path)) for path in (staged.playbook, staged.inventory)]
    result = staged.ansible.play(relative[0], inventory=relative[1], extravars={}, activity=lambda _: None)
    assert result.tasks[0].stdout == "well"


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("mount"), reason="only root can mount a small tmpfs")
def test_a_full_tmpfs_is_said_to_be_full(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = run(Command(("mount", "-t", "tmpfs", "-o", "size=128k,mode=0700", "none", str(small))))
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        (small / "ballast").write_bytes(bytes(64 * 1024))
        staged = stage(tmp_path, [command("Pass", "true")], settings=settings_in(tmp_path, tmpfs=small))
        with pytest.raises(DiskFull, match="room"):
            staged.ansible.play(
                staged.playbook, inventory=staged.inventory, extravars={"much": "x" * 128 * 1024}, activity=print
            )
    finally:
        run(Command(("umount", str(small))))


def test_the_module_is_cheap_to_import() -> None:
    program = "import sys, json; import cynthus.ansible.adapter; print(json.dumps(sorted(sys.modules)))"
    modules = json.loads(run(Command((sys.executable, "-c", program))).stdout)
    assert not {"ansible_runner", "ansible", "pexpect", "yaml"} & set(modules)
