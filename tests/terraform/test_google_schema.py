"""No argument of the templates for Google Cloud is one that the provider does not have: by its schema, without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.needs import lacking
from tests.terraform.hcl import Block, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
TEMPLATES = REPOSITORY / "templates/terraform"
SCHEMA = REPOSITORY.parent / "shared/data/google-provider-schema.json"
META = {"count", "for_each", "depends_on", "provider"}
"""What Terraform itself understands in every resource; so it does these blocks."""
META_BLOCKS = {"lifecycle"}
FILES = [path for name in ("bucket", "identity", "network", "registry", "secret", "vm")
         for path in sorted((TEMPLATES / "modules" / name).glob("*.tf"))]  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    if not SCHEMA.is_file():
        lacking(f"there is no {SCHEMA.name} in {SCHEMA.parent.name}/ beside the shared files")
    found: dict[str, Any] = json.loads(SCHEMA.read_text())
    return found


def resources() -> Iterator[tuple[str, Block]]:
    for path in FILES:
        made = parse(path.read_text()).each("resource")
        for block in (each for each in made if each.labels[0].startswith("google_")):
            yield f"{path.parent.name}: {'.'.join(block.labels)}", block


def complaints(where: str, block: Block, known: dict[str, Any]) -> Iterator[str]:
    """What the schema does not have, or has for reading only, and what it demands and is not there."""
    attributes, blocks = known.get("attributes", {}), known.get("blocks", {})
    for name in block.arguments.keys() - META:
        if not set("RO") & set(attributes.get(name, [""])[0]):
            yield f"{where}.{name} cannot be set"
    for name, (flags, *_) in attributes.items():
        if "R" in flags and name not in block.arguments:
            yield f"{where}.{name} is missing"
    inside = dict(content_of(each) for each in block.blocks if each.kind not in META_BLOCKS)
    for name, each in inside.items():
        yield from complaints(f"{where}.{name}", each, blocks[name]) if name in blocks else [f"no block {where}.{name}"]
    yield from (f"{where}.{name} is missing" for name in blocks if blocks[name].get("min") and name not in inside)


def content_of(block: Block) -> tuple[str, Block]:
    """A block with its name, also where Terraform makes none, one or several of it."""
    if block.kind != "dynamic":
        return block.kind, block
    return block.labels[0], next(block.each("content"))


def test_every_argument_is_in_the_schema(schema: dict[str, Any]) -> None:
    known = schema["resources"]
    found = list(resources())
    assert [line for where, each in found for line in complaints(where, each, known[each.labels[0]])] == []
    assert {each.labels[0] for _, each in found} >= {"google_compute_instance", "google_storage_bucket"}


def test_whatever_can_have_labels_has_them(schema: dict[str, Any]) -> None:
    kinds = {name for name, each in schema["resources"].items() if "labels" in each["attributes"]}
    labelled = {where: each for where, each in resources() if each.labels[0] in kinds}
    assert len(labelled) == 4
    assert [where for where, each in labelled.items() if each.arguments.get("labels") != "var.labels"] == []


def test_what_is_known_only_where_cynthus_runs_is_ignored_by_a_plan() -> None:
    for where, each in resources():
        if "labels" in each.arguments:
            (lifecycle,) = each.each("lifecycle")
            assert 'labels["cynthus-owner"]' in lifecycle.arguments["ignore_changes"], where


def test_what_can_have_no_label_has_the_id_in_its_name_or_belongs_to_what_has_it() -> None:
    for where, each in resources():
        own = "".join(text for name, text in each.arguments.items() if name not in ("for_each", "labels"))
        assert "var.deployment" in own or "var.name" in own or "google_" in own, where


def test_nothing_is_open_to_the_internet() -> None:
    for path in FILES:
        text = path.read_text()
        assert "0.0.0.0/0" not in text
        assert "::/0" not in text
    assert not [where for where, each in resources() if any(inside.kind == "access_config" for inside in nested(each))]


def test_no_value_of_a_secret_and_no_key_passes_through_terraform() -> None:
    kinds = {each.labels[0] for _, each in resources()}
    assert not kinds & {"google_secret_manager_secret_version", "google_service_account_key"}


def nested(block: Block) -> Iterator[Block]:
    for each in block.blocks:
        yield each
        yield from nested(each)


@pytest.mark.parametrize("root", ["base", "compute"])
def test_the_provider_takes_what_it_is_told(schema: dict[str, Any], root: str) -> None:
    text = (TEMPLATES / f"gcp/{root}/versions.tf.j2").read_text()
    plain = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("{%"))
    (provider,) = parse(plain).each("provider")
    assert list(complaints("provider", provider, schema["provider_block"])) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name = 1\n tier = 2", "x.tier cannot be set"),
        ("name = 1\n id = 2", "x.id cannot be set"),
        ("", "x.name is missing"),
        ("name = 1\n disk {\n }", "x.disk.size is missing"),
        ('name = 1\n dynamic "disk" {\n for_each = []\n content {\n mode = 2\n }\n }', "x.disk.mode cannot be set"),
        ("name = 1\n disk {\n size = 1\n }\n lock {\n }", "no block x.lock"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(text: str, complaint: str) -> None:
    disk = {"attributes": {"size": ["R", "number"]}, "min": 1}
    known = {"attributes": {"name": ["R", "string"], "id": ["C", "string"]}, "blocks": {"disk": disk}}
    (block,) = parse(f"resource x {{\n {text}\n}}\n").blocks
    assert complaint in list(complaints("x", block, known))
