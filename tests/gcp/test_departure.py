"""A machine that nobody uses any more deletes itself: the whole way, with the real provider and a real host."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.gcp.someone import Someone, someone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bed.beds import Bed

pytestmark = [pytest.mark.hosts, pytest.mark.cloud, pytest.mark.slow]

MAIN = "print('ran', flush=True)\nopen('outputs/result.txt', 'w').write('x')\n"


@pytest.fixture
def person(bed: Bed, base_tar: Path, google: dict[str, str], tmp_path: Path) -> Iterator[Someone]:
    (machine,) = bed.hosts(1, docker=True)
    machine.import_image(base_tar, "base:1")
    with someone(tmp_path, google, [machine]) as made:
        yield made
    bed.remove(machine)


def test_a_machine_that_nobody_uses_deletes_itself_and_status_says_why(person: Someone) -> None:
    app = person.folder(main=MAIN, more='image: {base: "base:1"}\n')
    assert person.user.cynthus("render", app, "-y").code == 0
    file = app / "infra/gcp/compute/run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "linger": 5}, indent=2) + "\n")
    begun = person.user.cynthus("up", app, "-y", "--detach", timeout=300)
    assert begun.code == 0, begun
    deadline = time.monotonic() + 120
    while person.cloud.instances():
        assert time.monotonic() < deadline, person.deployment(app)
        time.sleep(1)
    found = person.deployment(app)
    assert (found["phase"], found["run"]["state"]) == ("gone", "SUCCEEDED")
    assert found["problem"].startswith("its machines deleted themselves: saved, and idle for 5 s")
    assert person.user.cynthus("pull", app).code == 0
    assert (app / "outputs/latest/result.txt").read_text() == "x"
    account = person.cloud.resources()["accounts"][0]
    assert "compute.instances.delete" in person.cloud.permissions(account)
