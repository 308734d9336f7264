"""Which package on PyPI an import is of."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

from msgspec import Struct

from cynthus.images.found import canonical

TABLE = Path(__file__).with_name("import_names.json")

NAMESPACES = (
    "azure", "azure.ai", "azure.keyvault", "azure.mgmt", "azure.storage", "backports", "google", "google.cloud",
    "jaraco", "llama_index", "logilab", "opentelemetry", "opentelemetry.exporter", "opentelemetry.instrumentation",
    "pyannote", "ruamel", "snowflake", "sphinxcontrib", "zope",
)  # fmt: skip
"""Packages of many makers share these: the import's next word tells which."""

_GONE_OR_TO_COME = frozenset({
    "annotationlib", "asynchat", "asyncore", "audioop", "binhex", "cgi", "cgitb", "chunk", "compression", "crypt",
    "distutils", "formatter", "imghdr", "imp", "lib2to3", "macpath", "mailcap", "msilib", "nis", "nntplib",
    "ossaudiodev", "parser", "pathlib", "pipes", "smtpd", "sndhdr", "spwd", "string", "sunau", "symbol", "telnetlib",
    "tomllib", "uu", "xdrlib", "zoneinfo",
})  # fmt: skip

STANDARD = frozenset(sys.stdlib_module_names) | _GONE_OR_TO_COME | {"__main__"}
"""The standard library of any version of Python 3. What one lacks is not on PyPI under that name, or is somebody's."""

ADDED = {"tomllib": (3, 11), "zoneinfo": (3, 9), "compression": (3, 14), "annotationlib": (3, 14)}
"""Since when a module is in the standard library; others are as long as anybody cares."""


class Package(Struct, frozen=True):
    """What to install for an import; `known` if a table says so, and it is no guess."""

    requirement: str
    known: bool
    others: tuple[str, ...] = ()
    """Packages that bring the same module."""


SAME = "same name, pigar 2.2.0"
"""The part of the table with modules that are called as their packages are."""


@cache
def table() -> dict[str, tuple[str, ...]]:
    """The packages of each module; the first is the one to install."""
    document = json.loads(TABLE.read_text())
    found: dict[str, tuple[str, ...]] = {module: (canonical(module),) for module in document[SAME]}
    for part in document["from"]:
        found |= {module: tuple(packages) for module, packages in document[part].items()}
    return found


def package_of(module: str) -> Package | None:
    """The package of an import, by its dotted name: what the table has, else a package of the same name.

    None where nobody can tell: a bare namespace, or a name that no package may have.
    """
    words = module.split(".")
    for end in range(len(words), 0, -1):
        found = table().get(".".join(words[:end]))
        if found:
            return Package(found[0], known=True, others=found[1:])
    shared = next((end for end in range(len(words), 0, -1) if ".".join(words[:end]) in NAMESPACES), 0)
    if shared == len(words) or not module.isascii():
        return None
    return Package(canonical("-".join(words[: shared + 1])), known=False)


def is_standard(module: str, python: tuple[int, int] | None = None) -> bool:
    """Whether an import is of the standard library (of that version, or of any)."""
    top = module.partition(".")[0]
    return top in STANDARD and (python is None or python >= ADDED.get(top, (3, 0)))
