"""`cynthus up --simulate` with something that boots hosts: to the finished run, and nothing of it stays."""

from __future__ import annotations

import shutil
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from cynthus.settings import memory_folder
from tests.bed.tree import cache
from tests.gcp.bed_hosts import IMAGE
from tests.journeys.test_rehearsal import contents, shut_in
from tests.journeys.test_schemas import complaints
from tests.journeys.user import REPOSITORY, Ended, User, processes_with, wait_for
from tests.mirror import configured
from tests.terraform.google import google, mirror_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.bed.beds import Bed

__all__ = ["google"]  # a fixture

pytestmark = [pytest.mark.hosts, pytest.mark.cloud]

BOOTS = "tests.gcp.bed_hosts:OwnBed"
SPEC = 'target: gcp\nresources: {zone: us-central1-a, gpu: "T4:1"}\nlimits: {max_duration: 1h}\n'
MAIN = """\
import os, pathlib, sys
from count import count
print("reading", count("data/words.txt"), "words with", " ".join(sys.argv[1:]), flush=True)
pathlib.Path("outputs").mkdir(exist_ok=True)
pathlib.Path("outputs/result.txt").write_text("three words")
pathlib.Path("outputs/letters").write_text(str(len(os.environ["PASSPHRASE"])))
"""
COUNT = "import pathlib\n\n\ndef count(path):\n    return len(pathlib.Path(path).read_text().split())\n"
WAITS = 'import time\nprint("waiting", flush=True)\ntime.sleep(600)\n'
FAILS = 'print("about to fail", flush=True)\nraise SystemExit(7)\n'


class Rehearser:
    """Somebody with a driver that boots hosts, and who looks at what is left."""

    def __init__(self, place: Path, google: Mapping[str, str]) -> None:
        for name in ("tmp", "cache"):
            (place / name).mkdir()
        for tree in cache().glob("tree-*"):
            # Its beds are nobody else's.
            (place / "cache" / tree.name).symlink_to(tree)
        environment = {
            **configured(place, mirror_of(google)), "GOGC": google["GOGC"], "PYTHONPATH": str(REPOSITORY),
            "CYNTHUS_TEST_CACHE": str(place / "cache"), "TMPDIR": str(place / "tmp"),
            "GOOGLE_CLOUD_PROJECT": "my-project",
        }
        self.user = User(place, environment)
        self._before = self._around()

    def left(self) -> list[str]:
        """What a rehearsal has left on this machine."""
        there = [*map(str, (self.user.place / "tmp").iterdir()), *sorted(self._around() - self._before)]
        return [*there, *processes_with(str(self.user.place))]

    def nothing_is_left(self) -> bool:
        """Whether that comes to nothing: others may rehearse too, at the same time."""
        wait_for(lambda: not self.left())
        return True

    def _around(self) -> set[str]:
        """Folders in memory, and beds."""
        around = (memory_folder().parent, self.user.place / "cache/beds")
        return {str(each) for folder in around for each in folder.glob("cynthus-*")}


@dataclass(frozen=True)
class After:
    """What one rehearsal came to."""

    rehearser: Rehearser
    folder: Path
    before: Mapping[str, bytes | None]
    answer: Ended
    asked: list[str]


@pytest.fixture(scope="module")
def rehearser(bed: Bed, google: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Rehearser:
    assert bed.folder.exists()  # this machine can have hosts
    return Rehearser(tmp_path_factory.mktemp("rehearser"), google)


@pytest.fixture(scope="module")
def after(rehearser: Rehearser) -> After:
    """An app with data, a secret and a module, that was rendered before."""
    more = "runtime: venv\nsecrets: [PASSPHRASE]\n"
    user = rehearser.user
    user.environment["PASSPHRASE"] = "open sesame"
    folder = user.folder("words", main=MAIN, cynthus_yaml=SPEC + more, count_py=COUNT)
    assert user.cynthus("render", folder).code == 0
    before = contents(user.place)
    with shut_in(user) as gate:
        answer = user.cynthus("up", "--simulate", "--hosts", BOOTS, "-y", folder, "--", "care", timeout=280)
    return After(rehearser, folder, before, answer, gate.asked)


class TestAfter:
    """A rehearsal that went well."""

    def test_the_log_is_followed_to_the_end_of_the_run(self, after: After) -> None:
        assert after.answer.code == 0, after.answer
        assert after.answer.out == "reading 3 words with care\n"

    def test_it_says_what_main_wrote_and_that_it_goes(self, after: After) -> None:
        told = "outputs, which go with the rehearsal: letters, result.txt (2 files, 13 B)"
        assert told in after.answer.err.splitlines()

    def test_it_says_what_would_stand_and_cost(self, after: After) -> None:
        assert "words-" in after.answer.err
        assert "-host-0: n1-standard-4 in us-central1-a, running" in after.answer.err
        assert "$0.55 an hour; by now it would have cost $0.00" in after.answer.err

    def test_the_users_folder_is_as_it_was(self, after: After) -> None:
        kept = {path: each for path, each in after.before.items() if path.startswith("words/")}
        assert {f"words/{path}": each for path, each in contents(after.folder).items()} == kept

    def test_at_home_there_is_a_cache_more_and_nothing_else(self, after: After) -> None:
        new = {path for path in contents(after.rehearser.user.place) if path not in after.before}
        assert {path for path in new if not path.startswith(("home/.cache", "cache/beds"))} == set()

    def test_nothing_is_left_on_the_machine(self, after: After) -> None:
        assert after.rehearser.nothing_is_left()

    def test_no_request_leaves_the_machine(self, after: After) -> None:
        assert after.asked == []


def test_a_run_that_fails_in_a_container_fails_the_rehearsal(rehearser: Rehearser, base_tar: Path) -> None:
    user = rehearser.user
    folder = user.folder("fails", main=FAILS, cynthus_yaml=f'{SPEC}image: {{base: "base:1"}}\n')
    user.environment |= {"CYNTHUS_SIMULATED_HOSTS": BOOTS, IMAGE: str(base_tar)}
    answer = user.cynthus("up", "--simulate", "-y", "--json", folder, timeout=280)
    del user.environment["CYNTHUS_SIMULATED_HOSTS"], user.environment[IMAGE]
    assert answer.code == 3, answer
    assert "about to fail\n" in answer.err
    assert "main.py finds no GPU" in answer.err
    assert "`cynthus up --simulate" in answer.err
    assert complaints(answer.document) == []
    assert (answer.document["run"]["state"], answer.document["run"]["exit_code"]) == ("FAILED", 7)
    assert rehearser.nothing_is_left()


def test_a_service_is_rehearsed_until_it_answers(rehearser: Rehearser) -> None:
    user = rehearser.user
    more = 'runtime: venv\nports: [8000]\nrun: [python, -u, -m, http.server, "8000"]\n'
    folder = user.folder("serves", cynthus_yaml=SPEC + more)
    answer = user.cynthus("up", "--simulate", "--hosts", BOOTS, "-y", folder, timeout=280)
    assert answer.code == 0, answer
    assert "port 8000 is healthy; a service has no end, so the rehearsal ends here" in answer.err
    assert rehearser.nothing_is_left()


@pytest.mark.parametrize("moment", ["Apply ...", "Configure and deploy ...", "waiting"])
def test_whoever_has_seen_enough_leaves_nothing(rehearser: Rehearser, moment: str) -> None:
    user = rehearser.user
    shutil.rmtree(user.place / "waits", ignore_errors=True)
    folder = user.folder("waits", main=WAITS, cynthus_yaml=f"{SPEC}runtime: venv\n")
    before = contents(folder)
    with user.typing("up", "--simulate", "--hosts", BOOTS, "-y", folder) as command:
        command.until(moment, timeout=120)
        command.signal(signal.SIGINT)
        answer = command.ended(timeout=120)
    assert answer.code == 130, answer
    assert "nothing of it is left" in answer.err
    assert contents(folder) == before
    assert rehearser.nothing_is_left()
