"""Data from elsewhere on a host that is reached by SSH: the host fetches it itself, and keeps no token."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from cynthus.agent.library import LIBRARIES
from cynthus.process import Command, run
from cynthus.testing.huggingface import HuggingFaceHub
from cynthus.testing.kaggle import KaggleHub
from cynthus.testing.web import WebServer, serving
from tests.agent.elsewhere import zipped
from tests.bed.shown import shown_to
from tests.journeys.machines import spec_on
from tests.journeys.test_elsewhere import LISTS
from tests.journeys.test_secrets import files_with
from tests.needs import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.host import Host
    from tests.journeys.user import Ended, User

# Slow: the libraries of both places are downloaded here and installed there.
pytestmark = [pytest.mark.hosts, pytest.mark.data, pytest.mark.slow]
TOKENS = {"HF_TOKEN": f"hf_{os.urandom(12).hex()}", "KAGGLE_API_TOKEN": f"kaggle-{os.urandom(12).hex()}"}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The libraries of both places, for the Python of the hosts: they reach no index."""
    folder = tmp_path_factory.mktemp("wheels")
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder))
    wanted = [each for library in LIBRARIES.values() for each in library.requirements]
    chosen = ("--python-version", "3.11", "--only-binary", ":all:", *wanted)
    answer = run(Command((*pip, *chosen)), timeout=300)
    if answer.returncode:
        lacking(f"no package index gives {wanted}: {answer.stderr.decode(errors='replace').strip()[-200:]}")
    return folder


@pytest.fixture(scope="module")
def equipped(machine: Host, wheels: Path) -> Host:
    """A host whose user has told pip where packages are."""
    machine.text("apt-get", "update", "-qq")
    machine.text("apt-get", "install", "-y", "-qq", "python3-venv")
    shutil.copytree(wheels, machine.path("/srv/wheels"))
    # pytest's own folders are for nobody else.
    machine.path("/srv/wheels").chmod(0o755)
    machine.text("mkdir", "-p", "/home/tester/.config/pip")
    settings = b"[global]\nno-index = true\nfind-links = /srv/wheels\n"
    machine.text("tee", "/home/tester/.config/pip/pip.conf", stdin=settings)
    machine.text("chown", "-R", "tester:", "/home/tester/.config")
    return machine


@pytest.fixture(scope="module")
def places(equipped: Host) -> Iterator[tuple[HuggingFaceHub, KaggleHub, WebServer]]:
    """A hub, a Kaggle and a server, which the host sees where the tests see them."""
    with (
        serving(HuggingFaceHub()) as hub, serving(KaggleHub()) as kaggle, serving(WebServer()) as web,
        ExitStack() as ways,
    ):
        for each in (hub, kaggle, web):
            ways.enter_context(shown_to(equipped, each.address))
        yield hub, kaggle, web


@pytest.fixture(scope="module")
def up(visitor: User, equipped: Host, places: tuple[HuggingFaceHub, KaggleHub, WebServer]) -> Ended:
    hub, kaggle, web = places
    hub.commit("datasets/me/words", {"train/a.csv": b"1", "train/b.txt": b"2"}, licence="mit")
    hub.gate("datasets/me/words")
    hub.let_in(TOKENS["HF_TOKEN"], "datasets/me/words")
    hub.commit("me/tiny", {"config.json": b"{}"})
    kaggle.hold("titanic", {"train.csv": b"4"})
    kaggle.accept(TOKENS["KAGGLE_API_TOKEN"], "titanic")
    data = [
        {"from": web.put("/packed.zip", zipped({"deep/a.csv": b"3"})), "as": "packed"},
        {"from": "kaggle://competitions/titanic", "as": "ship"},
        {"from": "hf://datasets/me/words", "files": ["*.csv"], "as": "words"},
    ]
    visitor.environment |= {"HF_ENDPOINT": hub.address, "KAGGLE_API_ENDPOINT": kaggle.address, **TOKENS}
    spec = spec_on([equipped], data=data, models=["hf://me/tiny"], preprocess="prep.py")
    folder = visitor.folder("far", main=LISTS, cynthus_yaml=spec)
    (folder / "prep.py").write_text("import os; open('prepared/list', 'w').write(str(sorted(os.listdir('data'))))\n")
    shutil.rmtree(folder / "data")
    return visitor.cynthus("up", folder, "-y", timeout=400)


def test_the_host_fetches_all_of_it(up: Ended) -> None:
    assert up.out.endswith("data/packed/deep/a.csv 3\ndata/ship/train.csv 4\ndata/words/train/a.csv 1\n{}\n"), up


def test_it_is_there_before_it_is_prepared(up: Ended, equipped: Host) -> None:
    assert up.code == 0, up
    made = equipped.text("sh", "-c", "cat /home/tester/.local/share/cynthus/*/prepared/*/kept/list")
    assert made == "['packed', 'ship', 'words']"


def test_it_is_the_host_that_is_given_what_is_closed(
    up: Ended, places: tuple[HuggingFaceHub, KaggleHub, WebServer]
) -> None:
    # By its library: what asks from here is ours.
    asked = [each.headers.get("user-agent", "") for each in places[0].heard("/datasets/me/words/resolve")]
    assert any("hf_hub" in each for each in asked), (up, asked)


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_is_in_no_file_of_the_host(up: Ended, equipped: Host, name: str) -> None:
    assert up.code == 0, up
    places = ("/home", "/root", "/opt", "/etc", "/tmp", "/var", "/run", "/dev/shm", "/srv")
    told = equipped.run("grep", "-rlF", "-D", "skip", TOKENS[name], *places)
    assert told.stdout.decode() == ""


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_is_in_no_file_here_and_not_printed(up: Ended, visitor: User, name: str) -> None:
    assert TOKENS[name] not in up.out + up.err
    assert files_with(visitor.place, TOKENS[name]) == []
