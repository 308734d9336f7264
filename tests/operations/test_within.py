"""What a rehearsal on hosts leaves out of an app, for it is real and elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.operations.app import load_app
from cynthus.operations.site import Site
from cynthus.operations.source import Source
from cynthus.operations.up import Ready
from cynthus.operations.within import alone, not_brought
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """\
target: gcp
resources: {zone: us-central1-a, gpu: "T4:1"}
gcp: {project: my-project}
bucket: gs://my-own-bucket/runs
image: {registry: registry.example.com/me}
data: [{from: ./data, as: mine}, {from: "hf://datasets/example/set", as: theirs}]
models: ["hf://example/model"]
"""
OWN_BUCKET = "gs://cynthus-app-0a1b2c-out"


@pytest.fixture
def ready(tmp_path: Path) -> Ready:
    """An app that is about to be deployed, with all that a rehearsal has none of."""
    workshop = Workshop(tmp_path)
    folder = workshop.folder(spec=SPEC)
    (folder / "data").mkdir()
    app = load_app(workshop.tools, str(folder))
    target = workshop.tools.targets.find("gcp")
    site = Site(app.folder, "gcp", "app-0a1b2c", "app", None)
    placement = target.place(app.spec, site.root())
    app = replace(app, spec=target.equipped(app.spec, site.id, placement))
    return Ready(site, app, target, placement, Source("abc", tmp_path / "abc.tar.gz"), "", "")


@pytest.fixture
def edited(ready: Ready) -> Ready:
    """The same, whose run.json the user has edited."""
    document = ready.app.run_document(ready.placement, ready.site.id)
    return replace(ready, app=replace(ready.app, edited={**document, "env": {"MINE": "1"}}))


def document(ready: Ready) -> dict[str, object]:
    return ready.app.run_document(ready.placement, ready.site.id)


@pytest.mark.parametrize("which", ["ready", "edited"])
def test_nothing_goes_into_the_users_registry_and_bucket(which: str, request: pytest.FixtureRequest) -> None:
    before: Ready = request.getfixturevalue(which)
    assert document(before)["repository"] == "registry.example.com/me/app"
    after = document(alone(before, before.app.folder, gpus=True))
    assert ("repository" in after, after["bucket"]) == (False, OWN_BUCKET)


@pytest.mark.parametrize("which", ["ready", "edited"])
def test_nothing_is_fetched_and_local_data_is_the_users(which: str, request: pytest.FixtureRequest) -> None:
    before: Ready = request.getfixturevalue(which)
    after = document(alone(before, before.app.folder, gpus=True))
    assert after["data"] == [{"name": "mine", "from": str(before.app.folder / "data"), "mode": "mount"}]
    assert after["models"] == []


@pytest.mark.parametrize("which", ["ready", "edited"])
@pytest.mark.parametrize(("there", "asked"), [(True, 1), (False, 0)])
def test_gpus_are_asked_for_where_hosts_have_some(
    which: str, request: pytest.FixtureRequest, *, there: bool, asked: int
) -> None:
    before: Ready = request.getfixturevalue(which)
    assert document(alone(before, before.app.folder, gpus=there))["gpus"] == asked


def test_an_edit_of_all_else_counts(edited: Ready) -> None:
    assert document(alone(edited, edited.app.folder, gpus=True))["env"] == {"MINE": "1"}


def test_what_is_not_brought_is_named_as_the_user_wrote_it(ready: Ready) -> None:
    assert not_brought(ready) == ("hf://datasets/example/set", "hf://example/model")
