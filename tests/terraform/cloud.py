"""A real provider that makes things in a simulated cloud: hashicorp/aws from a local mirror, and moto on loopback."""

from __future__ import annotations

import json
import re
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cynthus.process import Command, start
from tests.mirror import configured
from tests.needs import lacking
from tests.terraform.roots import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PLACES = ("~/.terraform.d/plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins", "/opt/*")
"""Where Terraform and packagers put mirrors of providers."""

_PROVIDER = "registry.terraform.io/hashicorp/aws"
"""In full: OpenTofu would look for the short name in a registry of its own."""
REGION = "eu-central-1"
KEYS = {"region": REGION, "access_key": "test", "secret_key": "test"}
SKIPPED = ("skip_credentials_validation", "skip_metadata_api_check", "skip_requesting_account_id")
"""What the provider would ask of the real cloud before anything else."""
ALIVE = ("pending", "running", "stopping", "stopped")


@dataclass(frozen=True)
class Cloud:
    """A simulated cloud at `endpoint`; `config` is a CLI configuration by which Terraform finds its provider."""

    endpoint: str
    config: Path

    def root(self, folder: Path, resources: Mapping[str, Mapping[str, object]]) -> Path:
        """A root with these resources; whatever has tags carries the name of the folder."""
        provider = {
            **KEYS,
            **dict.fromkeys(SKIPPED, True),
            "s3_use_path_style": True,
            "endpoints": dict.fromkeys(("ec2", "s3", "iam", "sts"), self.endpoint),
            "default_tags": {"tags": {"world": folder.name}},
        }
        text = {
            "terraform": {"required_providers": {"aws": {"source": _PROVIDER}}},
            "provider": {"aws": provider},
            "resource": resources,
        }
        folder.mkdir(exist_ok=True)
        (folder / "main.tf.json").write_text(json.dumps(text))
        return folder

    def stands(self, folder: Path) -> set[str]:
        """The ids of all that stands for that root, as the cloud itself says."""
        with closing(self._client("ec2")) as ec2, closing(self._client("s3")) as s3:
            mine = [{"Name": "tag:world", "Values": [folder.name]}]
            alive = [*mine, {"Name": "instance-state-name", "Values": list(ALIVE)}]
            groups = ec2.describe_security_groups(Filters=mine)["SecurityGroups"]
            reserved = ec2.describe_instances(Filters=alive)["Reservations"]
            buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        instances = {each["InstanceId"] for group in reserved for each in group["Instances"]}
        return instances | {each["GroupId"] for each in groups} | {name for name in buckets if name == folder.name}

    def _client(self, name: str) -> Any:
        import boto3  # type: ignore[import-untyped]  # it ships none

        return boto3.client(
            name,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


def mirror() -> Path | None:
    """The folder of a mirror that has the provider for this machine."""
    found = (folder for place in PLACES for folder in _matches(place) if any(folder.glob(f"{_PROVIDER}/*/*")))
    return next(found, None)


def _matches(place: str) -> list[Path]:
    path = Path(place).expanduser()
    return sorted(path.parent.glob(path.name)) if path.parent.is_dir() else []


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """One cloud for all tests of a module."""
    folder = tmp_path_factory.mktemp("cloud")
    there = mirror()
    if there is None:
        lacking(f"no mirror with {_PROVIDER} in {', '.join(PLACES)}")
    config = Path(configured(folder, there)["TF_CLI_CONFIG_FILE"])
    with _moto(folder / "moto.log") as endpoint:
        yield Cloud(endpoint, config)


@pytest.fixture
def cloud(simulation: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """That cloud, for a user whose own CLI configuration names the mirror."""
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(simulation.config))
    return simulation


@contextmanager
def _moto(log: Path) -> Iterator[str]:
    """A moto server on a port that is free; gives its address."""
    command = Command((sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"))
    with open(log, "wb") as out:
        server = start(command, stdout=out, stderr=out)
    try:
        wait_for(lambda: _address(log) or server.poll() is not None, "the start of moto")
        address = _address(log)
        assert address, log.read_text()
        yield address
    finally:
        server.kill()
        server.wait()


def _address(log: Path) -> str:
    found = re.search(r"http://127\.0\.0\.1:[0-9]+", log.read_text())
    return found[0] if found else ""
