from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jinja2 import UndefinedError

from cynthus.errors import InternalError
from cynthus.render.environment import environment, hcl
from tests.render.folders import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path


def rendered(folder: Path, text: str, **values: object) -> str:
    (folder / "x.j2").write_text(text)
    return environment(folder).get_template("x.j2").render(**values)


@pytest.mark.parametrize("text", ["a", "host-0", "a" * 62])
def test_a_plain_name_may_be_written(text: str) -> None:
    assert hcl(text) == text


@pytest.mark.parametrize("text", [*HOSTILE[:-2], "", "A", "0a", "a_b", "a b", "a\n", "a" * 63, None, 3])
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(InternalError, match="as a name"):
        hcl(text)


def test_what_is_not_defined_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError):
        rendered(tmp_path, "{{ hots }}")


def test_the_last_newline_stays(tmp_path: Path) -> None:
    assert rendered(tmp_path, "x\n") == "x\n"


def test_the_filter_is_known_to_templates(tmp_path: Path) -> None:
    with pytest.raises(InternalError):
        rendered(tmp_path, "{{ name | hcl }}", name="${x}")
