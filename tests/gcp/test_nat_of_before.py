"""A deployment of a Cynthus whose NAT had no count: Terraform itself moves it, and makes nothing anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.targets.gcp.adoption import existing
from tests.gcp.test_provider import Root
from tests.render.folders import Folder, gcp
from tests.targets.gcp_cloud import api as asked
from tests.terraforms import any_binary

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.terraform.binary import Binary
    from cynthus.testing.gcp import SimulatedCloud

__all__ = ["any_binary"]  # a fixture

pytestmark = pytest.mark.cloud

COUNT = "  count = var.nat ? 1 : 0\n\n"
OF_BEFORE = "module.network[0].google_compute_router_nat.nat"


def test_a_nat_of_before_is_moved_and_not_made_anew(
    cloud: SimulatedCloud, google: dict[str, str], any_binary: Binary, tmp_path: Path
) -> None:
    folder = Folder(tmp_path)
    folder.write(gcp("base"))
    module = folder.root / "modules/network/main.tf"
    text = module.read_text()
    assert COUNT in text
    root = Root(folder.root, any_binary, {**google, **cloud.environment()})
    module.write_text(text.replace(COUNT, ""))
    root("init")
    root("apply", "-auto-approve")
    module.write_text(text)
    assert root.changes() == {}


def test_one_that_a_state_of_before_knows_is_not_taken_over_once_more(
    cloud: SimulatedCloud, google: dict[str, str], any_binary: Binary, tmp_path: Path
) -> None:
    folder = Folder(tmp_path)
    folder.write(gcp("base"))
    root = Root(folder.root, any_binary, {**google, **cloud.environment()})
    root("init")
    root("apply", "-auto-approve")
    values = {"project": "rehearsal", "region": "us-central1", "access": "iap"}
    found = set(existing(asked(cloud), "weather-1a2b3c", "base", values, ()))
    known = {each.removesuffix("[0]") if each.startswith(OF_BEFORE) else each for each in found}
    assert f"{OF_BEFORE}[0]" in found
    assert existing(asked(cloud), "weather-1a2b3c", "base", values, known) == {}
