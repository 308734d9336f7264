"""An app's folder, and what is found in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cynthus.agent import listing
from cynthus.images.imports import Program, infer
from cynthus.images.requirements import find

if TYPE_CHECKING:
    from pathlib import Path

    from cynthus.images.found import Found


@dataclass(frozen=True)
class Layout:
    source: str = "."
    outputs: str = "outputs"
    checkpoints: str = "checkpoints"
    data: tuple[()] = ()
    preprocess: tuple[()] = ()


@dataclass(frozen=True)
class Folder:
    path: Path

    def write(self, name: str, text: str | bytes = "") -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def infer(self, main: str | None = None, *, python: tuple[int, int] = (3, 11)) -> Found:
        """What the folder's program imports; `main` is the text of main.py."""
        if main is not None:
            self.write("main.py", main)
        files = listing.files(self.path, Layout())
        return infer(Program(self.path, self.path, files, "main.py", python))

    def needed(self, main: str | None = None, *, python: tuple[int, int] = (3, 11)) -> list[str]:
        """The packages that would be installed."""
        lines = self.infer(main, python=python).lines
        return [line.partition(" ")[0] for line in lines if line and not line.startswith("#")]

    def needed_of_bytes(self, main: bytes) -> list[str]:
        self.write("main.py", main)
        return self.needed()

    def found(self) -> Found | None:
        """What the files of the folder list; paths in it are written from a folder three levels below."""
        return find([self.path], self.path / "infra/local/compute")

    def lines(self) -> list[str]:
        found = self.found()
        assert found is not None
        return list(found.lines)
