"""A state that a team shares lies in a bucket, and the Terraform that Cynthus uses need not be the one on PATH."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from tests.gcp.api import Api
from tests.gcp.someone import Someone, someone
from tests.terraforms import installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed

pytestmark = [pytest.mark.hosts, pytest.mark.cloud]


@pytest.fixture
def person(bed: Bed, google: dict[str, str], tmp_path: Path) -> Iterator[Someone]:
    machine = bed.host()
    with someone(tmp_path, google, [machine]) as made:
        for name in ("terraform", "tofu"):
            program(tmp_path / "gcloud/programs" / name, "exit 9")
        used = program(tmp_path / "used", f'exec {shlex.join(installed()[0].argv)} "$@"')
        made.user.environment["CYNTHUS_TERRAFORM"] = str(used)
        there = Api(made.cloud.endpoint)
        there.post("storage", "b", {"name": "lab-states", "location": "US-CENTRAL1"}, project="rehearsal")
        there.close()
        yield made
    bed.remove(machine)


def program(file: Path, body: str) -> Path:
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


def test_up_reaches_the_machine_and_destroy_leaves_the_bucket_alone(person: Someone) -> None:
    before = person.standing()
    app = person.folder(main="print('ran')\n", more="runtime: venv\n")
    spec = app / "cynthus.yaml"
    spec.write_text(spec.read_text().replace("gcp: {", "gcp: {state: gs://lab-states/apps, "))
    answer = person.user.cynthus("up", app, "-y", timeout=240)
    assert (answer.code, answer.out) == (0, "ran\n"), answer
    assert not list(app.glob("infra/gcp/*/terraform.tfstate"))
    answer = person.user.cynthus("destroy", app, "-y")
    assert (answer.code, person.standing()) == (0, before), answer
