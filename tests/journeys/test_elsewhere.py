"""Data from elsewhere, with the real Ansible and the real agent."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run
from cynthus.testing.gcs import FakeGcs
from cynthus.testing.huggingface import HuggingFaceHub
from cynthus.testing.web import WebServer, serving
from tests.agent.elsewhere import zipped
from tests.journeys.test_secrets import files_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.journeys.user import Ended, User

pytestmark = pytest.mark.data
SENTINEL = f"hf_{os.urandom(12).hex()}"
GOOGLE = f"ya29.{os.urandom(12).hex()}"
LISTS = """\
import os
for folder, _, names in sorted(os.walk("data", followlinks=True)):
    for name in names:
        print(f"{folder}/{name}", open(f"{folder}/{name}").read())
if os.path.exists("models"):
    print(open("models/tiny/config.json").read())
"""


def app(user: User, spec: str) -> Path:
    """A folder whose data all lies elsewhere."""
    folder = user.folder(main=LISTS, cynthus_yaml=spec)
    shutil.rmtree(folder / "data")
    return folder


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with serving(WebServer()) as made:
        yield made


@pytest.fixture(scope="module")
def up(visitor: User, web: WebServer) -> Iterator[Ended]:
    """An `up` with a file, an archive, and a data set and a bucket that only tokens open."""
    table, packed = web.put("/table.csv", b"1,2"), web.put("/packed.zip", zipped({"deep/a.csv": b"3"}))
    words = "{from: hf://datasets/me/words, files: ['*.csv'], as: words}"
    with serving(HuggingFaceHub()) as hub, FakeGcs("ours", token=GOOGLE).serving() as google:
        google.keep("ours", {"raw/deep/b.csv": b"6"})
        hub.commit("datasets/me/words", {"train/a.csv": b"1", "train/b.txt": b"2"}, licence="mit")
        hub.gate("datasets/me/words")
        hub.let_in(SENTINEL, "datasets/me/words")
        hub.commit("me/tiny", {"config.json": b"{}"})
        visitor.environment |= {"HF_ENDPOINT": hub.address, "HF_TOKEN": SENTINEL}
        visitor.environment |= {"STORAGE_EMULATOR_HOST": google.endpoint, "GOOGLE_OAUTH_ACCESS_TOKEN": GOOGLE}
        raw = "{from: gs://ours/raw, as: raw}"
        spec = f"data: [{{from: '{table}', as: table}}, {{from: '{packed}', as: packed}}, {words}, {raw}]\n"
        spec += "models: [hf://me/tiny]\n"
        yield visitor.cynthus("up", app(visitor, spec), "-y")


def test_all_of_it_is_there_for_main_py(up: Ended) -> None:
    assert up.out == (
        "data/packed/deep/a.csv 3\ndata/raw/deep/b.csv 6\ndata/table/table.csv 1,2\ndata/words/train/a.csv 1\n{}\n"
    ), up


def test_a_model_lies_where_its_library_looks(up: Ended, visitor: User) -> None:
    (home,) = visitor.homes()
    (link,) = home.glob("hub/models--me--tiny/snapshots/*")
    assert (link / "config.json").read_text() == "{}", up


def test_what_is_fetched_and_under_which_licence_is_said_before(up: Ended) -> None:
    assert "data: hf://datasets/me/words: 1 byte, licence mit, revision" in up.err, up
    assert "data: gs://ours/raw: 1 byte" in up.err, up


@pytest.mark.parametrize("token", [SENTINEL, GOOGLE], ids=["hf", "gs"])
def test_the_token_is_in_no_file_and_not_printed(up: Ended, visitor: User, token: str) -> None:
    assert token not in up.out + up.err
    assert [path for place in (visitor.place, Path("/dev/shm")) for path in files_with(place, token)] == []


def test_by_hand_the_agent_fetches_what_run_json_has_pinned(user: User, web: WebServer) -> None:
    folder = app(user, f"data: ['{web.put('/t.csv', b'5')}']\n")
    assert user.cynthus("render", folder).code == 0
    home = user.place / "by-hand"
    root = folder / "infra/local/compute"
    agent = root / "ansible/roles/agent/files/cynthus-agent.pyz"
    words = ("data", "--spec", root / "run.json", "--folder", folder, "--home", home)
    answer = run(Command((sys.executable, "-I", "-S", str(agent), *map(str, words)), env=user.shell()))
    assert answer.returncode == 0, answer
    assert [path.read_bytes() for path in home.glob("data/*/t.csv")] == [b"5"]
