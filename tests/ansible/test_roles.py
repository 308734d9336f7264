"""What the playbook and its roles ask of the agent, with a stand-in that writes it down."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from cynthus.ansible.adapter import AnsibleRunner, ansible_playbook, script_folders
from cynthus.errors import CynthusError, EnvironmentFailed
from cynthus.process import Command, Completed, run
from tests.ansible.workbench import LOCAL, TEMPLATES, agent_of, answers, asked, rendered, settings_in

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.ansible.client import PlayResult

RUN = "20260102-030405-aaaa"
NAMES = [
    "plain",
    "with spaces",
    "a {{ 7*7 }} b 'q' \"d\"",
    "a {% raw %} {# b #}",
    "$unknown and 5$",
    "a:b,c",
    "~home",
    "line\nbreak",
    "é☃😀 #1 %41 \\x",
    "-e x=1",
]


def play(root: Path, **extravars: object) -> PlayResult:
    folder = root.parents[2]
    return AnsibleRunner(settings_in(folder.parent)).play(
        root / "ansible/playbooks/up.yml",
        inventory=root / "inventory.py",
        extravars=extravars,
        activity=lambda _: None,
    )


def by_hand(root: Path, *arguments: str) -> Completed:
    """As the rendered README tells a person to do it."""
    program = ansible_playbook(script_folders())
    own = settings_in(root.parents[2].parent)
    environment = {**own.environment, "PATH": f"{program.parent}:{own.environment['PATH']}", "LC_ALL": "C.UTF-8"}
    argv = (str(program), "-i", "inventory.py", "ansible/playbooks/up.yml", *arguments)
    return run(Command(argv, cwd=root, env=environment))


@pytest.mark.parametrize("name", NAMES)
def test_the_agent_is_asked_with_the_very_paths_whatever_their_names(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    root = rendered(folder)
    spec, home, archive = (str(folder / word) for word in ("spec {{ 1 }}.json", "home $HOME", "x.tar.gz"))
    play(
        root,
        cynthus_folder=str(folder),
        cynthus_spec=spec,
        cynthus_home=home,
        cynthus_source_archive=archive,
        cynthus_run=RUN,
        cynthus_start=True,
    )
    assert asked(root) == [
        ["environment", "--spec", spec, "--folder", str(folder), "--home", home],
        ["data", "--spec", spec, "--folder", str(folder), "--home", home],
        ["source", "--spec", spec, "--folder", str(folder), "--home", home, "--run", RUN, "--archive", archive],
        ["start", "--spec", spec, "--home", home, "--run", RUN],
    ]


def test_a_later_attempt_is_named_and_so_is_a_host_that_is_not_the_first(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    by_hand(root, "-e", "cynthus_attempt=2", "-e", "cynthus_rank=1")
    words = {verb: rest for verb, *rest in asked(root)}
    assert (words["source"][-2:], words["start"][-2:]) == (["--rank", "1"], ["--attempt", "2"])


def test_by_hand_no_variable_is_needed(tmp_path: Path) -> None:
    root = rendered(tmp_path / "an app")
    by_hand(root)
    spec, folder = str(root / "run.json"), str(tmp_path / "an app")
    assert asked(root) == [
        ["environment", "--spec", spec, "--folder", folder],
        ["data", "--spec", spec, "--folder", folder],
        ["source", "--spec", spec, "--folder", folder],
        ["start", "--spec", spec, "--run", "20260102-030405-abcd"],
    ]


def test_by_hand_a_folder_that_ansible_would_misread_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    root = rendered(tmp_path / "a {{ 7*7 }} b")
    done = by_hand(root)
    assert (done.returncode != 0, asked(root)) == (True, [])


def test_by_hand_the_agents_error_is_a_sentence(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    problem = {
        "code": "CYN-421",
        "message": "no such package: nope",
        "hint": "mend requirements.txt",
        "details": ["x y"],
    }
    answers(root, "environment", {"error": problem})
    done = by_hand(root)
    assert "no such package: nope (CYN-421). mend requirements.txt\nx y" in done.stdout.decode() + done.stderr.decode()


def test_by_hand_an_agent_that_cannot_run_is_said_to_be_one(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    agent_of(root).write_text("raise SystemExit('broken to bits')")
    done = by_hand(root)
    assert "Action failed: broken to bits" in done.stdout.decode() + done.stderr.decode()


def test_by_hand_a_failed_play_has_failed(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    answers(root, "source", {"error": {"code": "CYN-220", "message": "m", "hint": "h"}})
    assert by_hand(root).returncode == 2


def test_check_mode_asks_nothing_of_the_agent(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    done = by_hand(root, "--check")
    assert (done.returncode, asked(root)) == (0, [])


@pytest.mark.parametrize("no", ["false", "no", "False"])
def test_by_hand_a_start_can_be_left_out(tmp_path: Path, no: str) -> None:
    root = rendered(tmp_path / "app")
    by_hand(root, "-e", f"cynthus_start={no}")
    assert [verb for verb, *_ in asked(root)] == ["environment", "data"]


def test_without_a_start_environment_and_data_are_made_ready(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    result = play(root, cynthus_start=False)
    assert [task.role for task in result.tasks] == ["image", "dataset"]


def test_the_answers_of_the_agent_come_back_by_role(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    answers(root, "environment", {"changed": False, "environment": "abc", "python": None, "image": None})
    assert json.loads(play(root).stdout("image", "host-0"))["environment"] == "abc"


def test_a_task_changed_what_the_agent_says_it_changed(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    answers(root, "environment", {"changed": False})
    assert {task.role: task.changed for task in play(root).tasks} == {
        "image": False,
        "dataset": True,
        "app": True,
        "agent": True,
    }


def test_an_error_of_the_agent_stops_the_play_there(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    answers(root, "data", {"error": {"code": "CYN-132", "message": "cannot read", "hint": "h"}})
    with pytest.raises(CynthusError):
        play(root)
    assert [verb for verb, *_ in asked(root)] == ["environment", "data"]


def test_an_error_of_the_agent_has_the_class_of_its_code(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    answers(root, "environment", {"error": {"code": "CYN-421", "message": "no such package", "hint": "mend it"}})
    with pytest.raises(EnvironmentFailed, match="no such package"):
        play(root)


def test_an_answer_that_is_no_json_is_a_failure_and_not_a_success(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    agent_of(root).write_text("print('hello')")
    with pytest.raises(CynthusError):
        play(root)


def test_the_agent_runs_without_the_users_python_packages(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    agent_of(root).write_text(
        "import json, sys\nprint(json.dumps({'changed': False, 'flags': [sys.flags.isolated, sys.flags.no_site]}))"
    )
    assert json.loads(play(root).stdout("agent", "host-0"))["flags"] == [1, 1]


def test_each_role_says_what_it_takes() -> None:
    roles = sorted(path.name for path in (TEMPLATES / "roles").iterdir())
    assert roles == ["agent", "app", "dataset", "docker", "image", "kit", "ledger", "lingering", "nvidia", "survey"]
    for role in roles:
        for part in ("tasks/main.yml", "defaults/main.yml", "meta/argument_specs.yml"):
            assert (TEMPLATES / "roles" / role / part).is_file(), f"{role} has no {part}"


def test_ansible_lint_finds_nothing_at_its_strictest(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    shutil.rmtree(agent_of(root).parent)
    program = ansible_playbook(script_folders()).with_name("ansible-lint")
    own = settings_in(tmp_path)
    environment = {**own.environment, "PATH": f"{program.parent}:{own.environment['PATH']}", "LC_ALL": "C.UTF-8"}
    argv = (str(program), "--offline", "--nocolor", "--strict", "--profile", "production", "ansible")
    done = run(Command(argv, cwd=root, env=environment))
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def test_yamllint_finds_nothing() -> None:
    program = ansible_playbook(script_folders()).with_name("yamllint")
    done = run(Command((str(program), "--strict", "-d", "default", str(TEMPLATES))))
    assert done.returncode == 0, done.stdout.decode()


def test_the_stand_in_is_called_by_the_python_of_the_inventory(tmp_path: Path) -> None:
    root = rendered(tmp_path / "app")
    agent_of(root).write_text("import json, sys\nprint(json.dumps({'changed': False, 'python': sys.executable}))")
    assert json.loads(play(root).stdout("agent", "host-0"))["python"] == LOCAL["ansible_python_interpreter"]
