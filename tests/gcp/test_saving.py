"""A machine of a simulated cloud saves into a bucket as itself: as its service account, by its metadata server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import gcs_bucket
from cynthus.agent.bucket import Unavailable
from cynthus.agent.ledger import sign_of
from cynthus.agent.standing import Standing
from cynthus.testing.gcp import Machine, SimulatedCloud
from tests.gcp.api import ACCOUNT, ZONE, Api, machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKET = "cynthus-demo-out"


class Hosts:
    """A driver of machines of which only the metadata server is there."""

    def __init__(self) -> None:
        self.metadata = ""

    def boot(self, instance: Machine) -> str:
        self.metadata = instance.serve_metadata(("127.0.0.1", 0))
        return "192.0.2.7"

    def stop(self, name: str) -> None:
        """Nothing stands behind it."""


@pytest.fixture
def hosts() -> Hosts:
    return Hosts()


@pytest.fixture
def cloud(tmp_path: Path, hosts: Hosts) -> Iterator[SimulatedCloud]:
    simulated = SimulatedCloud(tmp_path / "cloud", driver=hosts)
    with simulated.serving():
        yield simulated


@pytest.fixture
def bucket(cloud: SimulatedCloud, hosts: Hosts, room: Api) -> Iterator[gcs_bucket.GcsBucket]:
    """The bucket as the agent of a machine sees it."""
    room.post("storage", "b", {"name": BUCKET}, project="rehearsal")
    room.done(room.post("compute", f"{ZONE}/instances", machine()))
    known = Standing(f"gs://{BUCKET}", storage=cloud.endpoint, metadata=hosts.metadata)
    made = gcs_bucket.connect(known, lambda: True, patience=2.0)
    yield made
    made.close()


def let_in(room: Api, role: str) -> None:
    policy = room.get("storage", f"b/{BUCKET}/iam").body
    policy["bindings"].append({"role": role, "members": [f"serviceAccount:{ACCOUNT}"]})
    assert room.ask("PUT", "storage", f"b/{BUCKET}/iam", policy).status == 200


def test_a_machine_without_the_role_is_told_which_one_it_lacks(bucket: gcs_bucket.GcsBucket) -> None:
    with pytest.raises(Unavailable, match=r"Storage Object User \(roles/storage\.objectUser\) on this bucket \(403\)"):
        bucket.put("a", b"x")


def test_the_role_that_is_documented_is_enough_for_all_that_saving_does(
    bucket: gcs_bucket.GcsBucket, room: Api, tmp_path: Path
) -> None:
    let_in(room, "roles/storage.objectUser")
    file = tmp_path / "file"
    for data in (b"small", b"other", os.urandom(5 << 20), os.urandom(5 << 20)):
        file.write_bytes(data)
        bucket.send("outputs/file", str(file), sign_of(file.stat()))
        assert bucket.size("outputs/file") == len(data)
    bucket.put("log/0", b"a")
    bucket.put("log/0", b"ab")
    assert (bucket.last("log/"), bucket.holds_any("outputs/"), bucket.holds_any("none/")) == ("0", True, False)
