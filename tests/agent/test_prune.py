"""Of runs that are at home the bulk goes; what is at home nowhere, and what still runs, is never touched."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import lock, prune, request, strays, version
from cynthus.agent.failure import Failure
from cynthus.agent.home import ENVIRONMENT_MARKER, Home
from cynthus.agent.version import Version
from tests.agent.host import RUN

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.home import RunFolder
    from tests.agent.host import Host


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home", "weather-abcdef")


def prepared(home: Home, name: str = "r1", *, uses: str = "e1") -> RunFolder:
    """A run that has its source and could begin."""
    run = home.run(name)
    run.app.mkdir(parents=True)
    (run.app / "main.py").write_text("print('x')\n")
    strays.note(run.app, run.listing)
    version.write(run, Version(uses, "s1", None, ()))
    return run


def ended(home: Home, name: str = "r1", *, uses: str = "e1") -> RunFolder:
    """A run that has ended, with an output and a log."""
    run = prepared(home, name, uses=uses)
    run.outputs.mkdir()
    (run.outputs / "x").write_text("1")
    attempt = run.attempt(1)
    attempt.folder.mkdir(parents=True)
    for file in (attempt.log, attempt.status, attempt.exit):
        file.write_text("{}\n")
    return run


def made(home: Home, *names: str) -> None:
    """Environments, each wanted later than the one before."""
    for moment, name in enumerate(names):
        marker = home.environments / name / ENVIRONMENT_MARKER
        marker.parent.mkdir(parents=True)
        marker.write_text("{}\n")
        os.utime(marker, (moment, moment))


def left(home: Home) -> list[str]:
    return sorted(each.name for each in home.environments.iterdir() if each.is_dir())


def test_outputs_and_source_of_a_named_run_go(home: Home) -> None:
    run = ended(home)
    assert prune.prune(home, ["r1"], {}).runs == ["r1"]
    assert (run.outputs.exists(), run.app.exists()) == (False, False)


def test_its_records_and_its_log_stay(home: Home) -> None:
    run = ended(home)
    prune.prune(home, ["r1"], {})
    attempt = run.attempt(1)
    assert all(file.exists() for file in (attempt.log, attempt.status, attempt.exit, run.version))


def test_a_run_that_was_not_named_is_not_touched(home: Home) -> None:
    ended(home)
    other = ended(home, "r2")
    prune.prune(home, ["r1"], {})
    assert (other.outputs / "x").exists()
    assert (other.app / "main.py").exists()


def test_a_run_that_goes_on_is_not_touched(home: Home) -> None:
    run = ended(home)
    run.attempt(1).exit.unlink()
    assert prune.prune(home, ["r1"], {}).runs == []
    assert (run.outputs / "x").exists()


def test_a_run_whose_supervisor_lives_is_not_touched(home: Home) -> None:
    run = ended(home)
    with lock.locked(run.attempt(1).lock):
        assert prune.prune(home, ["r1"], {}).runs == []


def test_a_run_that_could_still_begin_is_not_touched(home: Home) -> None:
    prepared(home)
    assert prune.prune(home, ["r1"], {}).runs == []


def test_a_run_that_was_stopped_before_it_began_goes(home: Home) -> None:
    run = prepared(home)
    request.ask(run.stop, "cancelled", at="2026-01-02T03:04:05Z")
    assert prune.prune(home, ["r1"], {}).runs == ["r1"]
    assert not run.app.exists()


def test_what_main_py_wrote_in_its_folder_stays(home: Home) -> None:
    run = ended(home)
    (run.app / "model.pt").write_text("precious")
    assert prune.prune(home, ["r1"], {}).runs == ["r1"]
    assert ((run.app / "model.pt").read_text(), run.outputs.exists()) == ("precious", False)


def test_a_folder_of_which_nobody_knows_what_the_source_brought_stays(home: Home) -> None:
    run = ended(home)
    run.listing.unlink()
    prune.prune(home, ["r1"], {})
    assert run.app.exists()


def test_pruning_again_is_fine(home: Home) -> None:
    ended(home)
    prune.prune(home, ["r1"], {})
    assert prune.prune(home, ["r1"], {}).runs == ["r1"]


def test_a_run_that_is_not_there_is_passed_over(home: Home) -> None:
    assert prune.prune(home, ["r1"], {}).runs == []


@pytest.mark.parametrize("name", ["../other", "", "."])
def test_a_name_leads_nowhere_else(home: Home, name: str) -> None:
    with pytest.raises(Failure):
        prune.prune(home, [name], {})


def test_environments_that_no_other_run_uses_go_but_for_the_last(home: Home) -> None:
    made(home, "e1", "e2", "e3", "e4", "e5", "e6")
    ended(home, "r1", uses="e1")
    ended(home, "r2", uses="e2")
    assert prune.prune(home, ["r1"], {}).environments == ["e3", "e1"]
    assert left(home) == ["e2", "e4", "e5", "e6"]


def test_an_environment_that_somebody_makes_just_now_stays(home: Home) -> None:
    made(home, "e1", "e2", "e3", "e4")
    with lock.locked(home.environments / "e1.lock"):
        assert prune.prune(home, [], {}).environments == []
    assert prune.prune(home, [], {}).environments == ["e1"]


def test_where_a_run_does_not_say_what_it_uses_every_environment_stays(home: Home) -> None:
    made(home, "e1", "e2", "e3", "e4")
    ended(home).version.write_text("{")
    assert prune.prune(home, [], {}).environments == []


def test_the_verb_prunes_a_run_that_really_ran(host: Host) -> None:
    host.end("open('outputs/x', 'w').write('1')")
    answer = host.ask("prune", "--", RUN, "20260102-030405-0000")
    assert (answer["runs"], host.run.outputs.exists(), host.run.app.exists()) == ([RUN], False, False)
    assert host.ask("status")["exit_code"] == 0


def test_beside_a_run_that_was_pruned_nothing_can_be_run(host: Host) -> None:
    host.end("")
    host.ask("prune", "--", RUN)
    assert "were removed from the host" in host.not_become("--", "true")


def test_an_environment_that_is_wanted_again_is_the_last(host: Host) -> None:
    name = host.ask("environment")["environment"]
    marker = host.home.environments / name / ENVIRONMENT_MARKER
    os.utime(marker, (0, 0))
    host.ask("environment")
    assert marker.stat().st_mtime > 0
