"""The Dockerfile that `build --print` shows is the one that `build` uses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cynthus.operations.build import dockerfile
from cynthus.operations.render import render
from cynthus.operations.up import Request

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operations.workshop import Workshop

RUN = "infra/local/compute/run.json"


def app(workshop: Workshop, spec: str) -> Path:
    folder = workshop.folder(spec=spec)
    (folder / "requirements.txt").write_text("numpy\n")
    render(workshop.tools, Request(str(folder), yes=True))
    return folder


def edit(folder: Path, **values: object) -> None:
    told = json.loads((folder / RUN).read_text())
    (folder / RUN).write_text(json.dumps(told | values, indent=2) + "\n")


def test_an_edit_of_run_json_is_in_the_dockerfile_that_is_shown(workshop: Workshop) -> None:
    folder = app(workshop, "runtime: venv\n")
    edit(folder, python="3.9")
    assert "FROM python:3.9-slim\n" in dockerfile(workshop.tools, str(folder))


def test_the_python_that_was_fixed_for_a_registry_is_in_the_dockerfile_that_is_shown(workshop: Workshop) -> None:
    folder = app(workshop, "image: {registry: ghcr.io/lab}\n")
    edit(folder, own_python="3.9")
    assert "FROM python:3.9-slim\n" in dockerfile(workshop.tools, str(folder))
