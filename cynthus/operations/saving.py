"""How far a run is saved in its bucket, as its host tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping


class Saving(Struct, frozen=True):
    """Files and bytes (those of the log among them) that are not in the bucket yet; `problem` says what keeps them."""

    bucket: str
    files: int
    bytes: int
    given_up: bool
    problem: str


def saving_of(report: Mapping[str, object] | None) -> Saving | None:
    """That in a status.json; None where the run is saved nowhere, or an earlier agent wrote it."""
    told = (report or {}).get("sync")
    if report is None or not isinstance(told, dict):
        return None
    return Saving(
        bucket=str(told.get("bucket")),
        files=_number(told.get("files_behind")),
        bytes=_number(report.get("bytes_behind")),
        given_up=told.get("state") == "given up",
        problem=str(told.get("problem") or ""),
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
