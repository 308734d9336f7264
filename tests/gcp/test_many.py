"""A cloud with many resources in it: lists are read in pages, in time that grows with their number and no faster."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.gcp.api import ZONE, P

if TYPE_CHECKING:
    from cynthus.testing.gcp import SimulatedCloud
    from tests.gcp.api import Api


def disks(number: int) -> dict[str, dict[str, Any]]:
    """So many, every tenth of which has a mark."""
    return {
        f"{ZONE}/disks/disk-{each:05}": {
            "kind": "compute#disk",
            "id": str(each),
            "name": f"disk-{each:05}",
            "labels": {"cynthus-deployment": "demo"} if each % 10 == 0 else {},
            "labelFingerprint": "x",
        }
        for each in range(number)
    }


def read(api: Api, **query: str) -> list[str]:
    found: list[str] = []
    token = ""
    while True:
        page = api.get("compute", f"{P}/aggregated/disks", **query, **({"pageToken": token} if token else {}))
        for scope in page["items"].values():
            found += [each["name"] for each in scope["disks"]]
        token = page.body.get("nextPageToken", "")
        if not token:
            return found


def test_all_of_many_are_listed_once(api: Api, cloud: SimulatedCloud) -> None:
    wanted = disks(10_000)
    cloud.seed("disks", wanted)
    assert read(api) == [each["name"] for each in wanted.values()]


def test_those_with_a_mark_are_found_among_many(api: Api, cloud: SimulatedCloud) -> None:
    cloud.seed("disks", disks(2_000))
    assert len(read(api, filter="labels.cynthus-deployment:*")) == 200


def test_a_change_among_many_costs_no_more_than_among_few(api: Api, cloud: SimulatedCloud) -> None:
    def delete(numbers: range) -> float:
        began = time.process_time()
        for each in numbers:
            assert api.delete("compute", f"{ZONE}/disks/disk-{each:05}").status == 200
        return time.process_time() - began

    cloud.seed("disks", disks(100))
    few = delete(range(50))
    cloud.seed("disks", disks(10_000))
    assert delete(range(50)) < 3 * few + 0.3
