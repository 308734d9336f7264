"""A place for measurements whose hosts are those of the test bed: other machines, behind SSH. Needs root."""

from __future__ import annotations

import itertools
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.measure import Cost, measure
from benchmarks.place import CYNTHUS, Place, place
from tests.bed.beds import Bed
from tests.bed.suite import usual
from tests.bed.tree import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.bed.host import Host

PLAYBOOK = CYNTHUS.with_name("ansible-playbook")
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Hosts:
    """An app of one main.py, on some hosts."""

    there: Place
    machines: tuple[Host, ...]
    runtime: str = field(default="venv")

    def write(self, main: str) -> None:
        """Another main.py."""
        (self.there.app / "main.py").write_text(main)

    def playbook(self, name: str, extra: Mapping[str, object]) -> Cost:
        """What a plain `ansible-playbook` costs with the same roles, in the folder that was rendered."""
        argv = (PLAYBOOK, "-i", "inventory.py", f"ansible/playbooks/{name}.yml", "-e", json.dumps(extra))
        where = self.there.app / "infra/ssh/compute"
        return measure(argv, cwd=where, environment=self.there.environment, orphans=False)

    def deploy_by_hand(self) -> Cost:
        """The play that brings an app and starts it, as a new run."""
        return self.playbook("up", {"cynthus_run": f"by-hand-{next(_NUMBERS)}"})


@contextmanager
def on_hosts(number: int = 1, *, docker: bool = False, runtime: str = "venv") -> Iterator[Hosts]:
    """Fresh ones, which are gone afterwards."""
    # The connections that Ansible keeps open, and the hosts themselves, are left behind: nobody waits for them.
    with Bed(tree(usual())) as bed, place("hello", orphans=False) as there:
        machines = tuple(bed.hosts(number, docker=docker))
        hosts = [
            {"address": each.address, "port": each.port, "internal_address": each.internal_address} for each in machines
        ]
        ssh = {"hosts": hosts, "user": machines[0].user, "key": str(machines[0].key)}
        spec = {"target": "ssh", "runtime": runtime, "ssh": ssh}
        (there.app / "cynthus.yaml").write_text(json.dumps(spec))
        yield Hosts(there, machines, runtime)
