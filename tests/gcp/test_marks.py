"""How what Cynthus makes in a cloud is known, against the templates that make it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cynthus.targets.gcp.kinds import KINDS, Found
from cynthus.targets.gcp.marks import SAID

MODULES = Path(__file__).parents[2] / "templates/terraform/modules"
ID = "weather-1a2b3c"
LABELS = {"cynthus-deployment": ID, "cynthus-owner": "anna", "cynthus-expires": "2026-01-02t03-04-05z"}
OF_KIND = {kind.noun: kind for kind in KINDS}


def read(kind: str, name: str, **document: object) -> bool:
    """Whether it is known as ours."""
    marked = OF_KIND[kind].read(Found(name, "global", "", {"id": "1", **document}))
    return marked is not None and not marked.odd and marked.deployment == ID


@pytest.mark.parametrize(
    ("module", "variable", "said"),
    [("network", "var.name", SAID[0]), ("identity", "var.deployment", SAID[1])],
)
def test_the_templates_describe_what_has_no_label_as_it_is_looked_for(module: str, variable: str, said: str) -> None:
    lines = [line for line in (MODULES / module / "main.tf").read_text().splitlines() if " description " in line]
    assert lines
    assert all(said.format(id=f"${{{variable}}}") in line for line in lines)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("router", ID), ("subnetwork", ID), ("network", ID), ("firewall", f"{ID}-ssh"), ("firewall", f"{ID}-hosts")],
)
def test_what_has_no_label_is_known_by_its_name_and_description(kind: str, name: str) -> None:
    assert read(kind, name, description=f"Some {kind} of the deployment {ID}, made by Cynthus.")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("instance", f"{ID}-host-0"), ("instance", f"{ID}-host-12"), ("repository", ID), ("secret", f"{ID}-HF_TOKEN"),
        ("bucket", f"cynthus-{ID}-in"), ("bucket", f"cynthus-{ID}-out"),
    ],
)  # fmt: skip
def test_what_has_labels_is_known_by_its_name_and_them(kind: str, name: str) -> None:
    assert read(kind, name, labels=LABELS)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("network", f"{ID}-ssh"), ("firewall", ID), ("firewall", f"{ID}-web"), ("network", f"my-{ID}"),
        ("service account", ID), ("network", f"{ID}\n"),
    ],
)  # fmt: skip
def test_another_name_with_our_description_is_not_ours(kind: str, name: str) -> None:
    assert not read(kind, name, description=f"Some {kind} of the deployment {ID}, made by Cynthus.")


@pytest.mark.parametrize(
    "description",
    ["", "made by Cynthus", f"Network of the deployment {ID}", f"Network of the deployment {ID}0, made by Cynthus."],
)
def test_another_description_with_our_name_is_not_ours(description: str) -> None:
    assert not read("network", ID, description=description)


@pytest.mark.parametrize("value", ["", "weather", "weather-1a2b3", "weather-1A2B3C", "a" * 17 + "-1a2b3c"])
def test_a_label_that_names_no_deployment_is_not_ours(value: str) -> None:
    assert not read("repository", value, labels={"cynthus-deployment": value})


@pytest.mark.parametrize("name", [f"{ID}-host-0-copy", "database", f"{ID}-host-", f"cynthus-{ID}-in"])
def test_a_machine_of_another_name_with_our_labels_is_not_ours(name: str) -> None:
    assert not read("instance", name, labels=LABELS)
