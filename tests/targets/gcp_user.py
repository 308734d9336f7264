"""A user of Google Cloud, whose machine has nothing of Google's but what a test says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.errors import CynthusError
from cynthus.targets.gcp.target import GcpTarget
from tests import specs
from tests.targets.places import settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.core.placement import Placement
    from cynthus.core.spec import AppSpec

SAID = {"GOOGLE_CLOUD_PROJECT": "of-the-environment", "GOOGLE_ZONE": "us-central1-a"}


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Google's library finds nothing of this machine, and asks no network."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "GOOGLE_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    # Nor gcloud, which would be asked for a cloud project.
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def spec(**keys: Any) -> AppSpec:
    return specs.spec(target="gcp", **keys)


def target(folder: Path, **environment: str) -> GcpTarget:
    return GcpTarget(settings_of(folder, **(environment or SAID)))


def place(folder: Path, app: AppSpec | None = None, **environment: str) -> Placement:
    return target(folder, **environment).place(app or spec(), folder / "infra")


def rendered(folder: Path, **values: str) -> None:
    """What was rendered for the deployment before."""
    (folder / "infra").mkdir()
    (folder / "infra/terraform.tfvars.json").write_text(json.dumps(values))


def refusal(folder: Path, app: AppSpec | None = None, **environment: str) -> CynthusError:
    with pytest.raises(CynthusError) as caught:
        place(folder, app, **environment)
    return caught.value
