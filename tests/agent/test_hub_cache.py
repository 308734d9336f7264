"""Models where Hugging Face's own library looks for them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.agent import data, hub_cache, spec
from cynthus.agent.container_argv import create_argv
from cynthus.agent.container_room import Room
from cynthus.agent.version import Version
from cynthus.process import Command, run
from cynthus.testing.huggingface import HuggingFaceHub
from cynthus.testing.web import serving
from tests.agent.elsewhere import home_at
from tests.agent.host import document

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.agent.home import Home
    from cynthus.agent.spec import Spec

pytestmark = pytest.mark.data
PIN = "c0ffee" + "0" * 34
ASKS = """
import sys
from huggingface_hub import hf_hub_download
print(open(hf_hub_download("me/tiny", "config.json", revision=sys.argv[1] if sys.argv[1:] else None)).read())
"""


def asking(pin: str = PIN, revision: str | None = "v1", scheme: str = "hf", **more: Any) -> Spec:
    fetch: dict[str, object] = {
        "scheme": scheme, "kind": "model", "name": "me/tiny", "pin": pin, "files": [], "sha256": None, "unpack": False,
        "size": None, "text": "hf://me/tiny@v1", "revision": revision,
    }  # fmt: skip
    entry = {"name": "tiny", "from": "hf://me/tiny@v1", "mode": "fetch", "fetch": fetch}
    return spec.parse(document(models=[entry], **more))


def brought(home: Home, wanted: Spec, content: str) -> None:
    """As if it had been fetched."""
    (model,) = data.models(home, wanted)
    folder = home.models / os.path.basename(model.path)  # noqa: PTH119
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(content)


def library(home: Home, *words: str, **environment: str) -> str:
    """What a program gets from the library that asks for the model by its name."""
    told = hub_cache.variables(asking(), home.hub)
    variables = {**told, "PATH": os.environ["PATH"], "HF_HOME": str(home.folder / "nowhere"), **environment}
    answer = run(Command((sys.executable, "-I", "-c", ASKS, *words), env=variables))
    assert answer.returncode == 0, answer.stderr.decode()[-500:]
    return answer.stdout.decode().strip()


def test_the_library_finds_it_by_its_name(tmp_path: Path) -> None:
    home, wanted = home_at(tmp_path), asking()
    brought(home, wanted, "tiny")
    hub_cache.make(home, wanted)
    assert library(home, HF_HUB_OFFLINE="1") == "tiny"


def test_and_by_its_revision(tmp_path: Path) -> None:
    home, wanted = home_at(tmp_path), asking()
    brought(home, wanted, "tiny")
    hub_cache.make(home, wanted)
    assert library(home, "v1", HF_HUB_OFFLINE="1") == "tiny"


def test_nothing_is_fetched_where_a_hub_has_it_closed(tmp_path: Path) -> None:
    home = home_at(tmp_path)
    with serving(HuggingFaceHub()) as hub:
        wanted = asking(hub.commit("me/tiny", {"config.json": b"of the hub"}))
        hub.gate("me/tiny")
        brought(home, wanted, "tiny")
        hub_cache.make(home, wanted)
        assert library(home, HF_ENDPOINT=hub.address) == "tiny"
        assert hub.sent < 1000  # what it says of why not


def test_a_later_run_gets_its_own(tmp_path: Path) -> None:
    home, first, second = home_at(tmp_path), asking(), asking("d" * 40)
    for wanted, content in ((first, "first"), (second, "second")):
        brought(home, wanted, content)
        hub_cache.make(home, wanted)
    assert library(home, HF_HUB_OFFLINE="1") == "second"


def test_making_it_again_changes_nothing(tmp_path: Path) -> None:
    home, wanted = home_at(tmp_path), asking()
    for _ in range(2):
        assert hub_cache.make(home, wanted)
    link = home.hub / f"models--me--tiny/snapshots/{PIN}"
    assert str(link.readlink()).startswith(f"{home.models}/")


def test_in_a_container_it_leads_to_where_the_container_has_it(tmp_path: Path) -> None:
    home = home_at(tmp_path)
    hub_cache.make(home, asking(), "/app")
    assert str((home.hub / f"models--me--tiny/snapshots/{PIN}").readlink()) == "/app/models/tiny"


def test_an_app_without_models_has_its_users_own_cache(tmp_path: Path) -> None:
    plain = spec.parse(document())
    assert hub_cache.variables(plain, "x") == {}
    assert not hub_cache.make(home_at(tmp_path), plain)
    assert not home_at(tmp_path).hub.exists()


def test_a_container_has_the_cache_to_write_to(tmp_path: Path) -> None:
    home = home_at(tmp_path)
    run = home.run("20260102-030405-abcd")
    argv = create_argv(
        asking(), run, run.attempt(1), Version("e", "s", "image", ()), Room("1:1", {}, {}, None, home.hub)
    )
    assert f"type=bind,source={home.hub},target=/cynthus/hub" in argv
    assert "HF_HUB_CACHE=/cynthus/hub" in argv
