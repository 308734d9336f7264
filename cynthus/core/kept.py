"""Secrets that a cloud keeps: a machine that is let in to them reads them there itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kept(Struct, frozen=True):
    """`store` is the word by which an agent knows where they are kept. `versions` are the store's own names of what
    each secret holds now, by the secret's name. `server` is where a machine learns who it is; `service` is where the
    store is, '' for its usual place."""

    store: str
    versions: Mapping[str, str]
    server: str
    service: str = ""
