"""What main.py is told of the other hosts of its run, in the words of PyTorch, whose launchers read them."""

from __future__ import annotations

import zlib
from typing import NamedTuple

from cynthus.agent.failure import Failure

_FIRST_PORT, _PORTS = 20000, 10000
"""Below those that Linux gives to outgoing connections (from 32768)."""


class Fellows(NamedTuple):
    """The hosts of a run. `addresses` are theirs among each other, in order of rank; `rank` is this one's place."""

    addresses: tuple[str, ...] = ()
    rank: int = 0

    @property
    def several(self) -> bool:
        return len(self.addresses) > 1

    def variables(self, run: str, gpus: int) -> dict[str, str]:
        """Nothing where the run has one host.

        RANK and its like are for a main.py that is one process a host. PET_* are the defaults of torchrun's options
        (https://docs.pytorch.org/docs/stable/elastic/run.html), which gives its own processes ranks of their own.
        """
        if not self.several:
            return {}
        count, rank, first, port = str(len(self.addresses)), str(self.rank), self.addresses[0], str(port_of(run))
        return {
            "CYNTHUS_ADDRESSES": ",".join(self.addresses),
            "RANK": rank, "WORLD_SIZE": count, "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1",
            "MASTER_ADDR": first, "MASTER_PORT": port,
            "PET_NNODES": count, "PET_NODE_RANK": rank, "PET_NPROC_PER_NODE": str(max(gpus, 1)),
            "PET_MASTER_ADDR": first, "PET_MASTER_PORT": port,
        }


ALONE = Fellows()
"""The only host of its run."""


def parse(addresses: str, rank: int) -> Fellows:
    """From the command line: addresses with commas between.

    Raises:
        Failure: there is no such rank.
    """
    found = tuple(each for each in addresses.split(",") if each)
    if found and rank >= len(found):
        raise Failure(f"rank {rank} of {len(found)} hosts makes no sense", hint="ranks count from 0")
    return Fellows(found, rank)


def port_of(run: str) -> int:
    """Where the first host listens for the others: by the run, since runs of other deployments may be on the host."""
    return _FIRST_PORT + zlib.crc32(run.encode()) % _PORTS
