"""Terraform's command lines, as values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cynthus.terraform.binary import Binary


class CommandLines:
    """The few command lines that Cynthus uses, spelled by python-terraform.

    Only its `generate_cmd_string` is used. Its own way to start processes loses state on a signal, and any attribute
    that it does not have becomes a terraform command, so the object never leaves this class. Values never pass through
    it either: it would write them into temporary files that a failure leaves behind, and into its debug log.
    """

    def __init__(self, binary: Binary) -> None:
        from python_terraform import IsFlagged, Terraform

        self._prefix = binary.argv
        self._flag = IsFlagged
        # Its constructor reads a state file and dies of a bad one: this name can never be a file.
        self._speller = Terraform(state=f"{os.devnull}/none", terraform_bin_path=str(binary.path))

    def init(self, *, backend: Path | None = None) -> tuple[str, ...]:
        """`backend`: a file that says where the state lies, where the root itself says only of what kind that is."""
        told = str(backend.absolute()) if backend else None
        return self._line("init", input=False, no_color=self._flag, backend_config=told)

    def plan(self, out: Path, *, var_files: Sequence[Path], destroy: bool, lock_timeout: float) -> tuple[str, ...]:
        """`lock_timeout` in seconds, here and below."""
        return self._line(
            "plan",
            json=self._flag,
            input=False,
            detailed_exitcode=self._flag,
            destroy=self._flag if destroy else None,
            lock_timeout=_seconds(lock_timeout),
            var_file=[str(file.absolute()) for file in var_files],
            out=str(out.absolute()),
        )

    def apply(self, plan: Path, *, lock_timeout: float) -> tuple[str, ...]:
        return self._line(
            "apply", str(plan.absolute()), json=self._flag, input=False, lock_timeout=_seconds(lock_timeout)
        )

    def output(self) -> tuple[str, ...]:
        return self._line("output", json=self._flag, no_color=self._flag)

    def state_list(self) -> tuple[str, ...]:
        return self._line("state list")

    def _line(self, verb: str, *arguments: str, **options: object) -> tuple[str, ...]:
        words: list[str] = self._speller.generate_cmd_string(verb, *arguments, **options)
        return (*self._prefix, *words[1:])


def _seconds(time: float) -> str:
    return f"{round(time)}s"
