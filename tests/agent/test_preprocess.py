"""Data that is prepared before main.py begins: once for each content, whole or not at all."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.agent.host import RUN, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.agent.host import Host

PREP = """
import pathlib
print("preparing", flush=True)
rows = pathlib.Path("data/rows.txt").read_text().split()
pathlib.Path("prepared/sum.txt").write_text(str(sum(map(int, rows))))
"""
MAIN = "print('sum', open('prepared/sum.txt').read(), flush=True)\n"
SLOW = "import pathlib, time\npathlib.Path('prepared/half.txt').write_text('half')\nprint('half', flush=True)\n"


def add(host: Host) -> Host:
    """The same host, whose app adds up its data before main.py begins."""
    host.file("numbers/rows.txt", "1 2 3")
    host.file("prep.py", PREP)
    host.spec(data=[{"name": None, "from": "numbers", "mode": "mount"}], preprocess=asked())
    return host


@pytest.fixture
def prepares(host: Host) -> Host:
    """A host whose app adds up its data before main.py begins."""
    return add(host)


def asked(*files: str, command: tuple[str, ...] = ("python", "prep.py")) -> dict[str, object]:
    """What spec.json says of it."""
    return {"command": list(command), "files": list(files)}


def again(host: Host, number: int, main: str = MAIN, **changes: object) -> dict[str, object]:
    """How one more run ends, a new one; its log is `host.log`."""
    host.spec(**changes)
    host.file("main.py", main)
    run = f"{RUN}-{number}"
    host.ask("source", "--run", run)
    host.ask("start", "--run", run)
    attempt = host.home.run(run).attempt(1)
    until(attempt.exit.exists, seconds=60)
    ended: dict[str, object] = json.loads(attempt.exit.read_bytes())
    return {**ended, "log": attempt.log.read_text()}


def kept(host: Host) -> list[Path]:
    """The results on the host."""
    return sorted(host.home.prepared.glob("*/kept"))


def test_main_py_reads_what_was_prepared(prepares: Host) -> None:
    assert (prepares.end(MAIN)["exit_code"], prepares.log.splitlines()[-1]) == (0, "sum 6"), prepares.log


def test_the_log_says_what_is_not_main_pys(prepares: Host) -> None:
    prepares.end(MAIN)
    lines = prepares.log.splitlines()
    assert (lines[0], lines[1]) == ("cynthus: preparing data: python prep.py", "preparing")
    assert lines[2].startswith("cynthus: prepared in ")


def test_another_main_py_does_not_prepare_again(prepares: Host) -> None:
    prepares.end(MAIN)
    ended = again(prepares, 2, f"print('new'); {MAIN}")
    assert (ended["exit_code"], ended["log"]) == (0, "new\nsum 6\n")


def test_other_data_is_prepared_too(prepares: Host) -> None:
    prepares.end(MAIN)
    prepares.file("numbers/rows.txt", "4 5")
    assert (str(again(prepares, 2)["log"]).splitlines()[-1], len(kept(prepares))) == ("sum 9", 2)


def test_both_are_told_where_it_is(prepares: Host) -> None:
    says = "import os; print('at', os.path.relpath(os.environ['CYNTHUS_PREPARED']), flush=True)\n"
    prepares.file("prep.py", says + PREP)
    prepares.end(says)
    assert prepares.log.count("at prepared\n") == 2, prepares.log


def test_both_have_the_secrets_and_nothing_else_of_the_agent(prepares: Host) -> None:
    says = "import os; print(os.environ['TOKEN'], sorted(k for k in os.environ if 'PYTHON' in k), flush=True)\n"
    prepares.file("prep.py", says + PREP)
    prepares.file("main.py", says)
    prepares.spec(secrets=["TOKEN"])
    for verb in ("environment", "data", "source"):
        prepares.ask(verb)
    prepares.ask("secrets", stdin=b'{"TOKEN": "quiet"}')
    prepares.ask("start")
    prepares.ended()
    assert prepares.log.count("quiet ['PYTHONUNBUFFERED']\n") == 2, prepares.log


def test_a_failed_one_is_the_runs_failure_and_main_py_is_not_started(prepares: Host) -> None:
    prepares.file("prep.py", "import sys; print('no rows'); sys.exit(7)\n")
    ended = prepares.end(MAIN)
    reason = "preprocess failed: `python prep.py` ended with exit code 7; main.py was not started"
    assert (ended["exit_code"], ended["reason"], "sum" in prepares.log) == (7, reason, False), prepares.log
    assert kept(prepares) == []


def test_one_that_is_killed_is_told_by_its_signal(prepares: Host) -> None:
    prepares.file("prep.py", "import os; os.kill(os.getpid(), 9)\n")
    ended = prepares.end(MAIN)
    assert (ended["signal"], "ended with signal 9" in ended["reason"]) == (9, True), ended


def test_one_that_writes_nothing_has_failed(prepares: Host) -> None:
    prepares.file("prep.py", "")
    ended = prepares.end(MAIN)
    assert (ended["exit_code"], "has written nothing to ./prepared" in ended["reason"]) == (1, True), ended


def test_a_failed_one_is_tried_again_from_nothing(prepares: Host) -> None:
    prepares.file("prep.py", f"import os; print(os.listdir('prepared'), flush=True)\n{SLOW}os._exit(1)\n")
    prepares.end(MAIN)
    assert "[]\nhalf\n" in str(again(prepares, 2)["log"])


def test_nothing_half_is_kept_of_one_that_is_cut_off(prepares: Host) -> None:
    prepares.file("prep.py", f"{SLOW}time.sleep(600)\n")
    prepares.begin(MAIN)
    prepares.prints("half")
    os.kill(json.loads(prepares.attempt.record.read_bytes())["pid"], signal.SIGKILL)
    ended = prepares.ended()
    assert (ended["signal"], "preprocess failed: " in ended["reason"], kept(prepares)) == (9, True, []), ended
    until(lambda: not prepares.processes())
    prepares.file("prep.py", PREP)
    assert again(prepares, 2)["exit_code"] == 0


def test_nothing_half_is_kept_where_everything_is_killed_at_once(prepares: Host) -> None:
    prepares.file("prep.py", f"{SLOW}time.sleep(600)\n")
    prepares.begin(MAIN)
    prepares.prints("half")
    while living := prepares.processes():
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert (prepares.ask("status")["state"], kept(prepares)) == ("EXITED", [])
    prepares.file("prep.py", "import os; print(os.listdir('prepared'), flush=True)" + PREP)
    assert "[]\npreparing\n" in str(again(prepares, 2)["log"])


def test_a_supervisor_that_is_killed_meanwhile_harms_nothing(prepares: Host) -> None:
    prepares.file("prep.py", f"{SLOW}\nwhile not pathlib.Path('data/go').exists(): time.sleep(0.02)\n")
    prepares.begin("print('main', flush=True)")
    prepares.prints("half")
    os.kill(json.loads(prepares.attempt.record.read_bytes())["supervisor_pid"], signal.SIGKILL)
    prepares.file("numbers/go")
    prepares.ended()
    assert ("main\n" in prepares.log, len(kept(prepares))) == (True, 1), prepares.log


def test_a_run_that_prepares_can_be_stopped(prepares: Host) -> None:
    prepares.file("prep.py", f"{SLOW}time.sleep(600)\n")
    prepares.begin(MAIN)
    prepares.prints("half")
    until(lambda: prepares.told()["phase"] == "preparing data")
    prepares.ask("stop")
    ended = prepares.ended()
    assert (ended["reason"][:9], ended["phase"], kept(prepares)) == ("cancelled", "", [])
    until(lambda: not prepares.processes())


def test_one_that_ends_well_when_it_is_told_to_end_is_not_whole(prepares: Host) -> None:
    saves = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (print('ending', flush=True), sys.exit(0)))\n"
    prepares.file("prep.py", f"{saves}{SLOW}time.sleep(600)\n")
    prepares.begin(MAIN)
    prepares.prints("half")
    prepares.ask("stop")
    assert (prepares.log.count("ending"), "sum" in prepares.log, kept(prepares)) == (1, False, [])


def test_its_time_is_the_runs(prepares: Host) -> None:
    prepares.file("prep.py", f"{SLOW}time.sleep(600)\n")
    ended = prepares.end(MAIN, max_duration=1)
    assert (ended["reason"][:9], kept(prepares)) == ("deadline:", [])


def test_two_runs_at_once_prepare_once(prepares: Host) -> None:
    prepares.file("prep.py", f"{SLOW}\nwhile not pathlib.Path('data/go').exists(): time.sleep(0.02)\n")
    prepares.begin("print('main', flush=True)")
    prepares.prints("half")
    other = f"{RUN}-2"
    prepares.ask("source", "--run", other)
    prepares.ask("start", "--run", other)
    attempt = prepares.home.run(other).attempt(1)
    until(lambda: json.loads(attempt.status.read_bytes())["phase"] == "waiting for data that another run prepares")
    (prepares.folder / "numbers/go").touch()
    until(attempt.exit.exists)
    prepares.ended()
    assert ("half" in attempt.log.read_text(), attempt.log.read_text().endswith("main\n")) == (False, True)


def test_what_is_written_beside_our_link_counts_too(prepares: Host) -> None:
    prepares.file("prep.py", "import os; os.unlink('prepared'); os.mkdir('prepared')\n" + PREP)
    assert (prepares.end(MAIN)["exit_code"], prepares.log.splitlines()[-1]) == (0, "sum 6"), prepares.log


def test_files_are_only_read_from_then_on(prepares: Host) -> None:
    prepares.end(MAIN)
    assert (kept(prepares)[0] / "sum.txt").stat().st_mode & 0o222 == 0


def test_a_prepared_of_the_sources_own_is_refused(prepares: Host) -> None:
    prepares.file("src/prepared.py")
    prepares.file("src/main.py", MAIN)
    prepares.file("src/prep.py", PREP)
    prepares.spec(source="src")
    prepares.bring(MAIN)
    (prepares.run.app / "prepared").mkdir()
    assert "has a 'prepared' of its own" in prepares.refused("start")["message"]


def test_a_result_at_home_is_no_part_of_the_source(prepares: Host) -> None:
    prepares.file("prepared/old.txt")
    prepares.bring(MAIN)
    assert not (prepares.run.app / "prepared").exists()


def test_a_file_that_is_named_and_not_brought_is_told(prepares: Host) -> None:
    prepares.spec(preprocess=asked("sizes.yaml"))
    prepares.bring(MAIN)
    assert "the source has no 'sizes.yaml'" in prepares.refused("start")["message"]


@pytest.fixture
def in_container(container_host: Host) -> Host:
    """The same with runs that are containers."""
    return add(container_host)


@pytest.mark.engine
def test_in_a_container_it_is_prepared_once_and_only_read(in_container: Host) -> None:
    writes = MAIN + "try: open('prepared/new.txt', 'w')\nexcept OSError as error: print(error.strerror, flush=True)\n"
    assert in_container.end(writes)["exit_code"] == 0, in_container.log
    assert in_container.log.splitlines()[-2:] == ["sum 6", "Read-only file system"]
    assert again(in_container, 2)["log"] == "sum 6\n"


@pytest.mark.engine
def test_in_a_container_it_is_told_to_end(in_container: Host) -> None:
    saves = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (print('ending', flush=True), sys.exit(0)))\n"
    in_container.file("prep.py", f"{saves}{SLOW}time.sleep(600)\n")
    in_container.begin(MAIN, stop_grace=10)
    in_container.prints("half")
    in_container.ask("stop")
    ended = in_container.ended()
    assert (in_container.log.count("ending"), ended["reason"][:9], kept(in_container)) == (1, "cancelled", [])


@pytest.mark.engine
def test_in_a_container_a_failure_is_the_runs(in_container: Host) -> None:
    in_container.file("prep.py", "import sys; sys.exit(7)\n")
    ended = in_container.end(MAIN)
    assert (ended["exit_code"], ended["reason"][:18]) == (7, "preprocess failed:"), in_container.log
