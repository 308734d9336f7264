"""Half a state that a killed Terraform has left is put back from its newest copy, and nobody has to know that."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import StateCorrupt
from cynthus.operations.down import down
from cynthus.operations.site import locate
from cynthus.operations.states import STATE, check_state, mend_states
from cynthus.state.journal import Journal
from tests import damage as damages
from tests.operations.host import site_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cynthus.operations.site import Site
    from tests.operations.workshop import Workshop

    Harm = Callable[[Path], None]

HOLDS = """\
import fcntl, sys, time
file = open(sys.argv[1], "r+")
fcntl.lockf(file, fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(0.3)
file.seek(0)
file.write(sys.argv[2])
file.close()
"""
"""A Terraform at work: it has the state locked, and writes the rest of it after a while."""


@pytest.fixture
def folder(workshop: Workshop) -> Path:
    folder = workshop.folder()
    workshop.ended(workshop.up(folder))
    return folder


@pytest.fixture
def site(workshop: Workshop, folder: Path) -> Site:
    return locate(workshop.tools, str(folder))


def cut_off(workshop: Workshop, site: Site, step: str) -> None:
    """Leave an intent without an end, as a kill does."""
    Journal(site.paths.journal, operation="up", clock=workshop.tools.clock).record(step, "intent")


def set_aside(site: Site) -> list[Path]:
    return list(site.root().glob(f"{STATE}.damaged-*"))


@pytest.mark.parametrize("harm", [damages.truncated, damages.empty])
def test_after_an_apply_that_was_cut_off_the_copy_counts(workshop: Workshop, site: Site, harm: Harm) -> None:
    harm(site.root() / STATE)
    cut_off(workshop, site, "apply")
    down(workshop.tools, str(site.folder), yes=True)
    assert not workshop.host(site.folder).exists()


@pytest.mark.parametrize(("harm", "kept"), [(damages.truncated, 1), (damages.empty, 0)])
def test_the_half_is_kept_if_there_is_any(workshop: Workshop, site: Site, harm: Harm, kept: int) -> None:
    harm(site.root() / STATE)
    mend_states(workshop.tools, site)
    assert len(set_aside(site)) == kept


def test_what_somebody_else_broke_is_not_touched(workshop: Workshop, site: Site) -> None:
    whole = (site.root() / STATE).read_bytes()
    damages.truncated(site.root() / STATE)
    cut_off(workshop, site, "deploy")
    with pytest.raises(StateCorrupt):
        down(workshop.tools, str(site.folder), yes=True)
    (site.root() / STATE).write_bytes(whole)
    assert set_aside(site) == []


def test_without_a_copy_nothing_is_done_where_nobody_can_ask_what_stands(workshop: Workshop, site: Site) -> None:
    whole = (site.root() / STATE).read_bytes()
    damages.truncated(site.root() / STATE)
    for copy in site.paths.backups.iterdir():
        copy.unlink()
    mend_states(workshop.tools, site)
    (site.root() / STATE).write_bytes(whole)
    assert set_aside(site) == []


def test_a_terraform_that_is_at_work_may_end_its_writing(workshop: Workshop, site: Site) -> None:
    state = site.root() / STATE
    whole = state.read_text()
    state.write_text("")
    with subprocess.Popen((sys.executable, "-c", HOLDS, str(state), whole), stdout=subprocess.PIPE) as terraform:
        assert terraform.stdout is not None
        terraform.stdout.readline()
        mend_states(workshop.tools, site)
    assert (state.read_text(), set_aside(site)) == (whole, [])


def test_an_empty_state_of_which_there_is_no_copy_is_one_that_was_never_written(
    tmp_path: Path,
) -> None:
    site = site_in(tmp_path / "nobody's")
    site.root().mkdir(parents=True)
    (site.root() / STATE).touch()
    check_state(site)
