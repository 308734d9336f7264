"""What a run was made of: environment, source and data, found once and kept with the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

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
    models: tuple[Mount, ...] = ()
    """As `data`, below ./models."""

    @property
    def places(self) -> dict[str, str]:
        """What the app finds where: paths of this machine by those below the app's folder."""
        below = {"data": self.data, "models": self.models}
        return {f"{top}/{each.place}".rstrip("/"): each.path for top, mounts in below.items() for each in mounts}


def write(run: RunFolder, version: Version) -> None:
    """Raises: OSError."""
    mounts = {key: [mount._asdict() for mount in getattr(version, key)] for key in ("data", "models")}
    document = version._asdict() | mounts
    write_json(run.version, document)


def _mounts(listed: Any) -> tuple[Mount, ...]:
    return tuple(Mount(**each) for each in listed)


def read(run: RunFolder) -> Version | None:
    """The run's version, or None where its source has not been brought.

    Raises:
        Failure: the record is damaged.
    """
    try:
        document = read_json(run.version)
        if document is None:
            return None
        data, models = document.pop("data"), document.pop("models", ())
        return Version(data=_mounts(data), models=_mounts(models), **document)  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError) as error:
        raise Failure(f"{run.version} cannot be read: {error}", hint="start a new run with `cynthus run`") from None
