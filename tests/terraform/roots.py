"""Terraform roots, and programs that pretend to be Terraform."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from cynthus.terraform.adapter import TerraformCli, Timing
from cynthus.terraform.binary import Binary
from cynthus.terraform.environment import terraform_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

DEADLINE = 60.0
"""Seconds after which a test gives up waiting for something that should come."""


def quiet(_: str) -> None:
    """Listens to no activity."""


def root(folder: Path, content: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").write_text(content)
    return folder


def data_root(folder: Path, resources: Mapping[str, object], outputs: Mapping[str, object]) -> Path:
    """A root of terraform_data resources: the only resource that needs no provider."""
    folder.mkdir(parents=True, exist_ok=True)
    text: dict[str, Any] = {}
    if resources:
        text["resource"] = {"terraform_data": {name: {"input": value} for name, value in resources.items()}}
    if outputs:
        text["output"] = {name: {"value": value} for name, value in outputs.items()}
    (folder / "main.tf.json").write_text(json.dumps(text))
    return folder


SLOW = """
resource "terraform_data" "first" {
  input = "1"
}
resource "terraform_data" "second" {
  input      = "2"
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "touch started; while [ ! -e go ]; do sleep 0.05; done"
  }
}
resource "terraform_data" "third" {
  input      = "3"
  depends_on = [terraform_data.second]
}
"""
"""Three resources, one after the other; the second makes the file `started` and waits for a file `go`."""


def cli(
    folder: Path,
    binary: Binary,
    *,
    activity: Callable[[str], None] = quiet,
    timing: Timing | None = None,
    environment: Mapping[str, str] | None = None,
) -> TerraformCli:
    return TerraformCli(
        folder,
        binary,
        environment=terraform_environment(os.environ if environment is None else environment),
        logs=folder / "logs",
        activity=activity,
        timing=timing,
    )


def planned(folder: Path, binary: Binary) -> Path:
    """A saved plan of a root that was never applied."""
    terraform = cli(folder, binary)
    terraform.init()
    terraform.plan(folder / "saved.tfplan")
    return folder / "saved.tfplan"


def pretender(folder: Path, body: str) -> Binary:
    """A program in Python that pretends to be Terraform. `verb` is its first argument, `here` the root folder."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "pretender.py"
    script.write_text(
        f"import json, os, pathlib, signal, sys, time\nverb, here = sys.argv[1], pathlib.Path()\n{body}\n"
    )
    program = folder / "terraform"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{script}" "$@"\n')
    program.chmod(0o755)
    return Binary(program, "terraform")


def diagnosed(summary: str, detail: str = "") -> str:
    """The body of a pretender that ends with this error."""
    told = {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": summary, "detail": detail}}
    return f"print({json.dumps(json.dumps(told))})\nsys.exit(1)"


def wait_for(true: Callable[[], object], what: str) -> None:
    """Poll until something is true; fail where it never becomes so."""
    deadline = time.monotonic() + DEADLINE
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.02)


def state(folder: Path) -> dict[str, Any]:
    """The instances in the local state by address; {} where there is no state."""
    try:
        text = (folder / "terraform.tfstate").read_text()
    except FileNotFoundError:
        return {}
    listed = json.loads(text)["resources"] if text else []
    return {f"{each['type']}.{each['name']}": instance for each in listed for instance in each["instances"]}


def locked(folder: Path) -> bool:
    return (folder / ".terraform.tfstate.lock.info").exists()
