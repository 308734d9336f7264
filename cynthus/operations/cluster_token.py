"""What the hosts of a run's cluster know each other by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cynthus.agent.cluster import TOKEN
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from random import Random


def cluster_token(run: Path, random: Random) -> Mapping[str, str]:
    """The variable that holds the token, made once for a run whose folder at home this is.

    It is on disk, since an `up` that was killed may have given it to some of the hosts. It opens nothing but the run.
    """
    file = run / "token.json"
    known = read_json(file)
    if known is None:
        known = {"token": f"{random.getrandbits(256):064x}"}
        run.mkdir(parents=True, exist_ok=True)
        write_json(file, known, mode=0o600)
    return {TOKEN: str(known["token"])}
