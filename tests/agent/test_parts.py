"""Parts that need no run: processes, GPUs, requirements, variables, the lines of `docker create`."""

from __future__ import annotations

import csv
import itertools
import json
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from cynthus.agent import (
    container_argv,
    container_room,
    engine,
    fellows,
    gpus,
    image_name,
    installer,
    interpreter,
    memory,
    processes,
    spec,
    surroundings,
    version,
)
from cynthus.agent.container import exec_argv
from cynthus.agent.failure import Failure
from cynthus.agent.home import Home
from cynthus.agent.wildmatch import translate
from cynthus.process import Completed
from tests.agent.host import document

HOME = Home(Path("/opt/cynthus/weather"), "weather-abcdef")
RUN = HOME.run("r1")


def test_a_wait_status_is_a_code_or_a_signal() -> None:
    assert processes.outcome(3 << 8) == (3, None)
    assert processes.outcome(signal.SIGKILL) == (None, 9)


def test_a_child_is_a_descendant_and_a_stranger_is_not() -> None:
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    try:
        found = processes.descendants(os.getpid())
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert child in found
    assert not found & {os.getpid(), os.getppid(), 1}


def test_signals_to_processes_that_are_gone_are_fine() -> None:
    processes.send([2**22 + 1], signal.SIGTERM)


def test_rows_of_nvidia_smi_are_gpus() -> None:
    (gpu,) = gpus.parse("0, NVIDIA L4, 37, 1024, 23034\n")
    assert gpu == {"index": 0, "name": "NVIDIA L4", "util": 37, "memory": 1024, "memory_total": 23034}


@pytest.mark.parametrize("text", ["", "No devices were found", "x, y, z, 1, 2", "0, NVIDIA L4"])
def test_what_is_no_row_is_no_gpu(text: str) -> None:
    assert gpus.parse(text) == []


def test_what_a_gpu_does_not_tell_is_not_known() -> None:
    assert gpus.parse("0, A, [N/A], 1, 2")[0]["util"] is None


def test_the_callers_settings_of_other_programs_stay_away_from_main() -> None:
    given = {"PATH": "/bin", "PYTHONPATH": "/x", "TF_LOG": "1", "ANSIBLE_X": "1", "AWS_SECRET": "1", "CUDA_HOME": "/c"}
    assert surroundings.allowed(given) == {"PATH": "/bin", "CUDA_HOME": "/c"}


def test_the_spec_has_the_last_word_on_a_variable() -> None:
    variables = surroundings.own(spec.parse(document(env={"PYTHONUNBUFFERED": ""})), RUN)
    assert variables["PYTHONUNBUFFERED"] == ""


def test_an_environment_comes_first_on_the_path() -> None:
    variables = surroundings.in_environment(spec.parse(document()), RUN, Path("/env"), {"PATH": "/usr/bin"})
    assert (variables["PATH"], variables["VIRTUAL_ENV"]) == ("/env/bin:/usr/bin", "/env")


def test_installers_keep_their_settings_and_lose_what_leads_astray() -> None:
    given = {"PIP_INDEX_URL": "x", "PIP_TARGET": "/x", "PYTHONPATH": "/x", "VIRTUAL_ENV": "/x", "HTTPS_PROXY": "p"}
    assert installer.variables(given) == {"PIP_INDEX_URL": "x", "HTTPS_PROXY": "p"}


def tool(folder: Path, name: str, text: str = "#!/bin/sh\nexit 1\n") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    return folder / name


def test_uv_installs_where_it_is_there(tmp_path: Path) -> None:
    uv = tool(tmp_path / "bin", "uv")
    environment = {"PATH": str(uv.parent), "UV_INDEX": "x"}
    found = installer.command(Path("/env/bin/python"), tmp_path / "r.txt", environment)
    assert found is not None
    assert found.argv == (str(uv), "pip", "install", "--python", "/env/bin/python", "-r", "r.txt")


def test_pip_installs_where_only_pip_was_told_of_an_index(tmp_path: Path) -> None:
    uv = tool(tmp_path / "bin", "uv")
    environment = {"PATH": str(uv.parent), "PIP_INDEX_URL": "x"}
    found = installer.command(Path("/env/bin/python"), tmp_path / "r.txt", environment)
    assert found is None or "pip" in found.argv
    assert found is None or str(uv) not in found.argv


def test_a_name_on_path_that_is_no_python_is_passed_over(tmp_path: Path) -> None:
    tool(tmp_path / "bin", "python3.99")
    with pytest.raises(Failure) as caught:
        interpreter.find("3.99", {"PATH": str(tmp_path / "bin")})
    assert caught.value.code == "CYN-135"


def test_a_python_on_path_is_found(tmp_path: Path) -> None:
    named = tool(tmp_path / "bin", "python3.99", "#!/bin/sh\necho 3.99\n")
    assert interpreter.find("3.99", {"PATH": str(tmp_path / "bin")}) == str(named)


def test_a_python_without_pip_is_told_what_to_install(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\necho \"No module named 'ensurepip'\" >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(Failure, match="comes without pip") as caught:
        interpreter.refuse_without_pip(str(python), os.environ)
    assert "python3-venv" in caught.value.hint


def test_a_python_with_pip_is_fine() -> None:
    interpreter.refuse_without_pip(sys.executable, os.environ)


def test_our_own_python_is_one_that_outlives_a_virtual_environment() -> None:
    found = Path(interpreter.find(interpreter.own_version(), {}))
    assert not (found.parent.parent / "pyvenv.cfg").exists()


def test_a_memory_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    if os.getuid():
        pytest.skip("only root can make a folder somebody else's")
    environment = {"TMPDIR": str(tmp_path)}
    folder = memory.secrets_folder(environment, f"test-{os.getpid()}")
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.parent.parent.chmod(0o700)
    folder.mkdir()
    try:
        os.chown(folder, 1, 1)
        with pytest.raises(Failure, match="belongs to somebody else"):
            memory.private(environment, f"test-{os.getpid()}")
    finally:
        folder.rmdir()


def test_a_memory_folder_that_others_could_read_is_closed() -> None:
    name = f"test-{os.getpid()}"
    folder = memory.private(os.environ, name)
    try:
        folder.chmod(0o755)
        assert stat.S_IMODE(memory.private(os.environ, name).stat().st_mode) == 0o700
    finally:
        folder.rmdir()


def created(
    attempt: int = 1, rank: int = 0, *, others: fellows.Fellows = fellows.ALONE, devices: tuple[int, ...] = (),
    **changes: object,
) -> tuple[str, ...]:
    room = container_room.Room("7:8", {"data": '/x, "y"'}, {"outputs": "/out"}, None)
    ready = version.Version("e", "s", "img", ())
    return container_argv.create_argv(
        spec.parse(document(**changes)), RUN, RUN.attempt(attempt, rank), ready, room, others, devices
    )


def mounts(argv: tuple[str, ...]) -> list[list[str]]:
    values = [value for option, value in itertools.pairwise(argv) if option == "--mount"]
    return list(csv.reader(values))


def test_a_mount_reads_back_as_it_was_meant() -> None:
    assert ["type=bind", 'source=/x, "y"', "target=/app/data", "readonly"] in mounts(created())


def test_containers_of_several_hosts_share_the_network_of_theirs() -> None:
    two = fellows.parse("10.0.0.1,10.0.0.2", 1)
    networks = ["--network" in created(), "--network" in created(others=two)]
    assert (networks, "RANK=1" in created(others=two)) == ([False, True], True)


def test_a_container_gets_the_gpus_that_its_run_has_taken_or_as_many_as_it_wants() -> None:
    given = [argv[argv.index("--gpus") + 1] for argv in (created(gpus=2, devices=(0, 2)), created(gpus=2))]
    assert given == ['"device=0,2"', "2"]


def test_only_data_is_read_only() -> None:
    assert [fields[2] for fields in mounts(created()) if "readonly" in fields] == ["target=/app/data"]


def test_each_attempt_has_a_container_of_its_own() -> None:
    names = {created(attempt, rank)[3] for attempt in (1, 2) for rank in (0, 1)}
    assert names == {f"cynthus-weather-abcdef-r1-{end}" for end in ("1", "2", "1-1", "2-1")}


def test_a_container_is_not_root_and_cannot_become_it() -> None:
    argv = created()
    assert argv[argv.index("--user") + 1] == "7:8"
    assert argv[argv.index("--security-opt") + 1] == "no-new-privileges"


def test_gpus_are_asked_for_only_where_the_spec_does() -> None:
    assert "--gpus" not in created()
    assert created(gpus=2)[created(gpus=2).index("--gpus") + 1] == "2"


def test_the_command_is_the_end_of_the_line_as_it_is() -> None:
    assert created(command=["a b", "$x", "--name"])[-3:] == ("a b", "$x", "--name")


def test_a_command_beside_main_has_a_terminal_only_where_there_is_one() -> None:
    plain = ("docker", "exec", "--interactive", "--workdir", "/app", "c", "ls", "-l")
    assert exec_argv("c", ("ls", "-l"), tty=False) == plain
    assert "--tty" in exec_argv("c", ("ls",), tty=True)


@pytest.mark.parametrize("name", ["A-B", "1A", "", "A B", "A=B"])
def test_a_secret_that_cannot_be_a_variable_is_refused(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path, "weather-abcdef")
    run = home.run("r1")
    run.attempt(1).folder.mkdir(parents=True)
    run.app.mkdir()
    ready = version.Version("e", "s", "img", ())
    with pytest.raises(Failure, match="cannot be an environment variable"):
        container_room.make(home, spec.parse(document()), run, run.attempt(1), ready, os.environ, {name: "x"})


def test_an_engine_is_found_again_by_what_was_kept(tmp_path: Path) -> None:
    engine.of({"DOCKER_HOST": "tcp://x", "PATH": "/bin", "OTHER": "y"}).keep(tmp_path / "engine")
    found = engine.recall(tmp_path / "engine", {"DOCKER_HOST": "tcp://other", "PATH": "/usr/bin"})
    assert found.variables == {"DOCKER_HOST": "tcp://x", "PATH": "/usr/bin"}


def test_the_last_line_is_why_docker_failed() -> None:
    answer = Completed(1, b"", b"note\nError response from daemon: no space left\n")
    assert engine.last_line(answer) == "no space left"
    assert engine.last_line(Completed(7, b"", b"")) == "exit code 7"


def test_without_a_base_the_image_of_the_wanted_python_is_it() -> None:
    assert image_name.base(spec.parse(document(python="3.12"))) == "python:3.12-slim"
    assert image_name.base(spec.parse(document(base="mine:1", python="3.12"))) == "mine:1"
    assert image_name.base(spec.parse(document())) == f"python:{sys.version_info[0]}.{sys.version_info[1]}-slim"


def test_brackets_never_match_a_slash() -> None:
    expression = translate(b"a[!x]b")
    assert expression is not None
    assert not expression.fullmatch(b"a/b")


def test_a_container_that_prepares_is_told_where_data_lies() -> None:
    argv = created(preprocess={"command": ["python", "prep.py"], "files": []})
    assert json.loads(argv[argv.index("--places") + 1]) == ["data"]


def test_a_container_of_a_cluster_begins_with_the_agents_own_program() -> None:
    argv = created(engine="ray", gpus=1)
    assert [fields[1:] for fields in mounts(argv) if "target=/cynthus/agent.pyz" in fields] == [
        [f"source={RUN.program}", "target=/cynthus/agent.pyz", "readonly"]
    ]
    assert argv[argv.index("python") :] == (
        "python", "-I", "-S", "/cynthus/agent.pyz", "ray", "--folder", "/tmp/ray", "--inside", "container",
        "--rank", "0", "--gpus", "1", "--", "python", "main.py",
    )  # fmt: skip
