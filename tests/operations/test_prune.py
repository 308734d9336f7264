"""When a run starts, what older runs have left on the host goes, as far as it is at home."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.agent import zipapp
from cynthus.agent.home import Home
from cynthus.agent.version import Mount, Version, write
from cynthus.core.run import Run, RunState
from cynthus.errors import NothingToPull
from cynthus.operations.logs import logs
from cynthus.operations.prune import KEPT, prune
from cynthus.operations.pull import pull
from cynthus.operations.source import KEPT as KEPT_SOURCES
from cynthus.operations.up import Request, run
from cynthus.operations.update import update
from tests.operations.host import ID, Host, run_in, site_in

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.operations.site import Site
    from tests.operations.workshop import Workshop

OLDEST = "20260102-030400-0000"


class Place:
    """A site and a host on which it has one run more than are kept; each has ended and is at home."""

    def __init__(self, tmp_path: Path) -> None:
        self.site: Site = site_in(tmp_path / "folder")
        self.host = Host(tmp_path / "host")
        zipapp.build(self.host.place / "agent.pyz")
        (self.host.place / "deployment.json").write_text(f'{{"deployment": "{ID}"}}\n')
        for number in range(KEPT + 1):
            self.add(replace(run_in(RunState.SUCCEEDED), id=f"20260102-0304{number:02d}-0000", pulled=True))

    def add(self, run: Run) -> None:
        run = replace(run, started_at=run.created_at if run.state.begun else None)
        self.site.runs.save(run)
        output = self.host.place / "runs" / run.id / "outputs/x"
        attempt = self.host.place / "runs" / run.id / "attempts/1/0"
        for folder in (output.parent, attempt):
            folder.mkdir(parents=True)
        output.write_text("1")
        (attempt / "exit").write_text("{}\n")
        at_home = self.site.folder / "outputs" / run.id / "x"
        at_home.parent.mkdir(parents=True)
        output.rename(at_home)
        output.hardlink_to(at_home)

    def change(self, **changes: object) -> None:
        """Another record of the oldest run."""
        self.site.runs.save(replace(self.site.runs.load(OLDEST), **changes))  # each test knows

    def fetched(self, number: int) -> Path:
        """Data that the run of that number has read."""
        home = Home(self.host.place, ID)
        folder = home.data / f"d{number}"
        folder.mkdir(parents=True)
        record = folder.with_name(f"{folder.name}.json")
        record.write_text("{}\n")
        os.utime(record, (1, 1))
        run = home.run(f"20260102-0304{number:02d}-0000")
        write(run, Version("e1", "s1", None, (Mount("", str(folder)),)))
        return folder

    def left(self) -> list[str]:
        """The runs that have outputs on the host."""
        return sorted(path.parent.name for path in self.host.place.glob("runs/*/outputs"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "place")


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()


def test_the_newest_runs_keep_everything_and_an_older_one_loses_its_bulk(workshop: Workshop, place: Place) -> None:
    before = place.left()
    prune(workshop.tools, place.site, (place.host.agent,))
    assert before[:1] == [OLDEST]
    assert place.left() == before[1:]


def test_what_was_pruned_is_remembered(workshop: Workshop, place: Place) -> None:
    prune(workshop.tools, place.site, (place.host.agent,))
    assert [each.id for each in place.site.runs.all() if each.pruned] == [OLDEST]


def test_a_second_time_the_agent_is_not_asked(workshop: Workshop, place: Place) -> None:
    prune(workshop.tools, place.site, (place.host.agent,))
    prune(workshop.tools, place.site, (place.host.agent,))
    assert workshop.progress.steps == ["Make room on the host"]


def test_data_that_only_older_runs_have_read_goes_too(workshop: Workshop, place: Place) -> None:
    place.change(pulled=False)
    folders = [place.fetched(number) for number in range(3)]
    prune(workshop.tools, place.site, (place.host.agent,))
    assert [folder.exists() for folder in folders] == [False, True, True]
    assert workshop.progress.results == ["1 outdated data folder"]


def test_one_that_is_not_at_home_stays(workshop: Workshop, place: Place) -> None:
    place.change(pulled=False)
    prune(workshop.tools, place.site, (place.host.agent,))
    assert OLDEST in place.left()


def test_one_whose_outputs_left_home_since_stays(workshop: Workshop, place: Place) -> None:
    (place.site.folder / "outputs" / OLDEST / "x").unlink()
    prune(workshop.tools, place.site, (place.host.agent,))
    assert OLDEST in place.left()


def test_one_whose_outputs_were_changed_at_home_stays(workshop: Workshop, place: Place) -> None:
    path = place.site.folder / "outputs" / OLDEST / "x"
    path.unlink()
    path.write_text("mine")
    prune(workshop.tools, place.site, (place.host.agent,))
    assert OLDEST in place.left()


def test_one_with_a_link_that_cannot_come_home_stays(workshop: Workshop, place: Place) -> None:
    (place.host.place / "runs" / OLDEST / "outputs/link").symlink_to("/somewhere")
    prune(workshop.tools, place.site, (place.host.agent,))
    assert OLDEST in place.left()


def test_one_that_goes_on_stays_whatever_the_record_says(workshop: Workshop, place: Place) -> None:
    (place.host.place / "runs" / OLDEST / "attempts/1/0/exit").unlink()
    prune(workshop.tools, place.site, (place.host.agent,))
    assert OLDEST in place.left()
    assert not place.site.runs.load(OLDEST).pruned


def test_one_of_which_nobody_knows_whether_it_began_stays(workshop: Workshop, place: Place) -> None:
    place.change(started_at=None, state=RunState.CANCELLED, pulled=False)
    prune(workshop.tools, place.site, (place.host.agent,))
    assert OLDEST in place.left()


def test_an_agent_that_cannot_is_no_reason_not_to_start(workshop: Workshop, place: Place) -> None:
    (place.host.place / "agent.pyz").write_text("raise SystemExit('an older one')")
    prune(workshop.tools, place.site, (place.host.agent,))
    assert [each.startswith("older runs stay on the host: ") for each in workshop.progress.warnings] == [True]


def crowd(workshop: Workshop, folder: Path) -> None:
    """As many newer folders of runs as are kept."""
    for number in range(KEPT):
        (workshop.host(folder) / f"runs/20990101-0000{number:02d}-0000").mkdir()


def test_a_run_that_starts_makes_room(workshop: Workshop) -> None:
    folder = workshop.folder()
    first = workshop.to_the_end(workshop.up(folder))
    crowd(workshop, folder)
    second = run(workshop.tools, Request(str(folder), yes=True))
    workshop.to_the_end(second)
    kept = workshop.host(folder) / "runs" / first.id
    assert ((kept / "outputs").exists(), (kept / "app").exists()) == (False, False)
    assert (folder / "outputs" / first.id / "x").read_text() == "1"


def test_the_log_of_a_run_that_was_pruned_can_be_read_and_its_outputs_are_told_to_be_home(workshop: Workshop) -> None:
    folder = workshop.folder()
    first = workshop.to_the_end(workshop.up(folder))
    crowd(workshop, folder)
    workshop.to_the_end(run(workshop.tools, Request(str(folder), yes=True)))
    got = bytearray()
    logs(workshop.tools, str(folder), got.extend, run_id=first.id)
    assert bytes(got) == b"ran\n"
    with pytest.raises(NothingToPull, match=f"came home, to .*{first.id}, and then left the host"):
        pull(workshop.tools, str(folder), run_id=first.id)


def test_what_main_py_wrote_elsewhere_is_not_pruned(workshop: Workshop) -> None:
    folder = workshop.folder(main="open('outputs/x', 'w').write('1')\nopen('model.pt', 'w').write('12345')\n")
    first = workshop.to_the_end(workshop.up(folder))
    crowd(workshop, folder)
    workshop.to_the_end(run(workshop.tools, Request(str(folder), yes=True)))
    assert (workshop.host(folder) / "runs" / first.id / "app/model.pt").read_text() == "12345"


def test_the_source_of_the_last_run_is_kept_however_often_another_was_packed(workshop: Workshop) -> None:
    main = "import time\nopen('outputs/x', 'w').write('1')\ntime.sleep(600)\n"
    folder = workshop.folder(main=main)
    first = workshop.up(folder)
    for number in range(KEPT_SOURCES + 1):
        (folder / "main.py").write_text(f"{main}# {number}\n")
        assert workshop.up(folder).ending == "attached"
    again = update(workshop.tools, Request(str(folder), yes=True), source=False, data=True)
    assert again.run.version.source == first.run.version.source
    assert len(list(first.site.paths.sources.glob("*.tar.gz"))) == KEPT_SOURCES + 1


def test_an_archive_that_was_cut_off_is_swept_away(workshop: Workshop) -> None:
    folder = workshop.folder()
    outcome = workshop.up(folder)
    half = outcome.site.paths.sources / ".0a1b2c3d.part"
    half.touch()
    (folder / "main.py").write_text("print('other')\n")
    workshop.up(folder)
    assert not half.exists()
