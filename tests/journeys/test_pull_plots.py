"""`cynthus pull --plots`: from a run to a page, also when its host is gone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.journeys.user import User

MAIN = "open('outputs/loss.csv', 'w').write('step,loss\\n1,5\\n2,4\\n')\n"


def test_the_page_of_a_run_can_be_made_as_long_as_its_outputs_are_at_home(user: User) -> None:
    folder = user.folder(main=MAIN)
    user.cynthus("up", folder, "-y")
    before = user.cynthus("pull", folder, "--plots")
    outputs, page = (Path(line) for line in before.out.splitlines())
    assert (before.code, outputs.parent) == (0, folder / "outputs"), before
    assert "loss over step: last 4, lowest 4, highest 5" in page.read_text()
    assert [path.name for path in outputs.iterdir()] == ["loss.csv"]
    page.unlink()
    user.cynthus("down", folder, "-y")
    after = user.cynthus("pull", folder, "--plots", "--json")
    assert (after.code, after.document["plots"], page.exists()) == (0, str(page), True), after
    assert "what came home before is shown" in after.err


def test_without_outputs_there_is_no_page(user: User) -> None:
    folder = user.folder(main="print(1)\n")
    user.cynthus("up", folder, "-y")
    answer = user.cynthus("pull", folder, "--plots")
    assert (answer.code, answer.out) == (0, ""), answer
    user.cynthus("down", folder, "-y")
    assert "CYN-502" in user.cynthus("pull", folder, "--plots").err
