"""A token of a place, which many can do without: from the environment, a place's own file, then the keyring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.credentials.secrets import resolve
from cynthus.errors import SecretMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cynthus.credentials.secrets import Keyring


class Token(Struct, frozen=True):
    """A token, '' for none, and where it was found."""

    value: str
    origin: str

    def __repr__(self) -> str:
        # What is written of it somewhere never has its value.
        return f"Token(of {self.origin})"


def token(
    name: str, environment: Mapping[str, str], files: Iterable[Path] = (), keyring: Keyring | None = None
) -> Token:
    """The one that is called so; none is no error."""
    value = environment.get(name, "").strip()
    if value:
        return Token(value, "your environment")
    for file in files:
        try:
            value = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if value:
            return Token(value, str(file))
    try:
        return Token(resolve([name], {}, keyring)[name], "the keyring")
    except SecretMissing:
        return Token("", "")
