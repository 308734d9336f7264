"""How far an attempt is saved in its bucket: what its sender writes down, and others tell."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent.failure import BUCKET, Failure
from cynthus.files import read_json, write_json

if TYPE_CHECKING:
    from cynthus.agent.attempt import Attempt

SENDING, SAVED, GIVEN_UP = "sending", "saved", "given up"


class Standing(NamedTuple):
    """`bucket` is a folder, or `gs://name/prefix`. What is behind is not there yet; `problem` says why it does not get
    there."""

    bucket: str
    state: str = SENDING
    bytes_synced: int = 0
    bytes_behind: int = 0
    files_behind: int = 0
    problem: str = ""
    storage: str = ""
    """Where Google's service is, if not where it always is."""
    metadata: str = ""
    """The server that gives the machine's own tokens; '' where none is shown."""

    def told(self) -> dict[str, object]:
        """Its part of a status.json."""
        address = self.bucket if in_google(self.bucket) else f"file://{self.bucket}"
        about = {"bucket": address, "state": self.state, "files_behind": self.files_behind}
        return {
            "bytes_synced": self.bytes_synced, "bytes_behind": self.bytes_behind,
            "sync": {**about, "problem": self.problem},
        }


def in_google(bucket: str) -> bool:
    """Whether a bucket is one of Google's, and no folder."""
    return bucket.startswith("gs://")


def expect(attempt: Attempt, bucket: str, *, storage: str = "", metadata: str = "") -> None:
    """Write down that the attempt is to be saved there.

    Raises:
        Failure: nothing can be written there, or it would be saved into itself.
        OSError: it cannot be written down.
    """
    told = Standing(bucket, storage=storage, metadata=metadata)
    if in_google(bucket):
        from cynthus.agent import gcs_bucket

        gcs_bucket.insist(attempt, told)
    else:
        _insist_on_folder(attempt, bucket)
    # Of a removal that was cut off.
    attempt.home.leaving.unlink(missing_ok=True)
    write(attempt, told)


def _insist_on_folder(attempt: Attempt, bucket: str) -> None:
    if not os.path.isdir(bucket) or not os.access(bucket, os.W_OK | os.X_OK):  # noqa: PTH112 - beside os.access
        why = "may not be written to" if os.path.isdir(bucket) else "is not there"  # noqa: PTH112
        raise Failure(
            f"the folder {bucket} of `bucket:` {why} on this host",
            hint="make it, mount it or give it to this user; or name another one under `bucket:`", code=BUCKET,
        )
    home = os.path.realpath(attempt.home.folder)
    if os.path.commonpath([os.path.realpath(bucket), home]) == home:
        raise Failure(
            f"the folder {bucket} of `bucket:` is part of what is to be saved", hint="name another one", code=BUCKET
        )


def read(attempt: Attempt) -> Standing | None:
    """None where it is saved nowhere. Of a damaged record nothing is known, and its log and outputs are at the host."""
    try:
        document = read_json(attempt.sync)
        return Standing(**document) if document is not None else None  # type: ignore[arg-type]  # we wrote it
    except (OSError, ValueError, TypeError):
        return None


def write(attempt: Attempt, standing: Standing) -> None:
    """Raises: OSError."""
    write_json(attempt.sync, standing._asdict(), durable=False)


def working(attempt: Attempt) -> bool:
    """Whether somebody saves it, or should."""
    known = read(attempt)
    return known is not None and known.state == SENDING and not attempt.home.leaving.exists()
