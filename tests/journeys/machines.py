"""What a cynthus.yaml says to have an app on hosts of the test bed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bed.host import Host


def spec_on(machines: Sequence[Host], **keys: object) -> str:
    """One run on all of them, in their order, by the user of the first."""
    hosts = [
        {"address": each.address, "port": each.port, "internal_address": each.internal_address} for each in machines
    ]
    ssh = {"hosts": hosts, "user": machines[0].user, "key": str(machines[0].key)}
    return json.dumps({"target": "ssh", "ssh": ssh, "runtime": "venv", **keys})
