"""What a run was made of: environment, source and data, found once and kept with the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent.failure import Failure
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from cynthus.agent.home import RunFolder


class Mount(NamedTuple):
    """A folder or file that the app sees below ./data. `place` is relative to that; '' is the folder ./data itself."""

    place: str
    path: str


class Version(NamedTuple):
    """Hashes; `image` is the container image, None for a run without one."""

    environment: str
    source: str
    image: str | None
    data: tuple[Mount, ...]


def write(run: RunFolder, version: Version) -> None:
    """Raises: OSError."""
    document = version._asdict() | {"data": [mount._asdict() for mount in version.data]}
    write_json(run.version, document)


def read(run: RunFolder) -> Version | None:
    """The run's version, or None where its source has not been brought.

    Raises:
        Failure: the record is damaged.
    """
    try:
        document = read_json(run.version)
        if document is None:
            return None
        mounts = document.pop("data")
        return Version(data=tuple(Mount(**each) for each in mounts), **document)  # type: ignore[arg-type, attr-defined]
    except (ValueError, TypeError, KeyError) as error:
        raise Failure(f"{run.version} cannot be read: {error}", hint="start a new run with `cynthus run`") from None
