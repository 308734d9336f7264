"""The page: whatever files are called and hold, it is a page and nothing else."""

from __future__ import annotations

import base64
import os
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from cynthus.plots.collection import collect
from cynthus.plots.metrics import read
from cynthus.plots.page import CHARTS, SMALL, Heading, page

if TYPE_CHECKING:
    from pathlib import Path

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>"


class Parsed(HTMLParser):
    """The tags of a page, with what their attributes say, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


class Outputs:
    """A folder of outputs, and the page that shows it."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "outputs/run"
        self.folder.mkdir(parents=True)
        self.at = place / ".cynthus/plots/run.html"

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def text(self, title: str = "weather") -> str:
        found = collect(self.folder)
        tables = [(path, read(self.folder / path, unheard)) for path in found.metrics]
        return page(Heading(title, (("state", title),)), found, tables, self.at, "outputs/run")

    def page(self, title: str = "weather") -> Parsed:
        return Parsed(self.text(title))


def unheard(_: int) -> None:
    """Nobody listens."""


@pytest.fixture
def outputs(tmp_path: Path) -> Outputs:
    return Outputs(tmp_path)


def test_each_metric_has_a_chart_and_a_table(outputs: Outputs) -> None:
    outputs.write("a.csv", "step,loss,acc\n1,5,0\n2,4,1\n")
    shown = outputs.page()
    assert [each["aria-label"] for each in shown.all("svg")] == [
        "loss over step: last 4, lowest 4, highest 5", "acc over step: last 1, lowest 0, highest 1",
    ]
    assert len(shown.all("caption")) == 2


def test_single_values_are_a_table(outputs: Outputs) -> None:
    outputs.write("metrics.json", '{"accuracy": 0.9}')
    shown = outputs.page()
    assert (shown.all("svg"), "accuracy" in shown.said, "0.9" in shown.said) == ([], True, True)


def test_names_and_contents_are_shown_and_never_obeyed(outputs: Outputs) -> None:
    outputs.write("a.csv", f'"{HOSTILE.replace(chr(34), chr(34) * 2)}",y\n1,2\n2,3\n')
    outputs.write("metrics.json", '{"<script>alert(2)</script>": 1}')
    name = HOSTILE.replace("/", "_")
    for each in (f"{name}.csv", f"{name}.jsonl"):
        outputs.write(each, "")
    outputs.write(f"{name}.png", PNG)
    outputs.write(f"{name}/events.out.tfevents.1", b"")
    shown = outputs.page(HOSTILE)
    assert shown.all("script") == []
    assert [each for _, attributes in shown.tags for each in attributes if each.startswith("on")] == []
    assert [each["alt"] for each in shown.all("img")] == [f"{name}.png"]
    assert HOSTILE in shown.said


def test_a_page_has_no_script_and_asks_no_network(outputs: Outputs) -> None:
    outputs.write("a.csv", "step,loss\n1,5\n2,4\n")
    outputs.write("big.png", PNG + bytes(SMALL))
    text = outputs.text()
    assert ("<script" in text, "http:" in text, "https:" in text, "default-src 'none'" in text) == (
        False, False, False, True,
    )  # fmt: skip


def test_an_image_is_part_of_the_page(outputs: Outputs) -> None:
    outputs.write("a.png", PNG)
    (image,) = outputs.page().all("img")
    assert image["src"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


def test_a_large_one_is_shown_from_where_it_lies(outputs: Outputs) -> None:
    file = outputs.write("a #1?%20 ü.png", PNG + bytes(SMALL))
    (image,) = outputs.page().all("img")
    assert image["src"] == "../../outputs/run/a%20%231%3F%2520%20%C3%BC.png"
    outputs.at.parent.mkdir(parents=True)
    assert (outputs.at.parent / "../../outputs/run" / file.name).exists()


def test_the_page_does_not_grow_with_the_images(outputs: Outputs) -> None:
    for number in range(40):
        outputs.write(f"{number}.png", PNG + bytes(SMALL - 1000))
    assert len(outputs.text()) < 25_000_000


def test_images_are_in_the_order_in_which_people_count(outputs: Outputs) -> None:
    for name in ("epoch-10.png", "epoch-2.jpg", "epoch-1.webp"):
        outputs.write(name, PNG)
    assert [each["alt"] for each in outputs.page().all("img")] == ["epoch-1.webp", "epoch-2.jpg", "epoch-10.png"]


def test_there_are_no_more_charts_than_open_in_a_moment(outputs: Outputs) -> None:
    for number in range(CHARTS // 30 + 2):
        outputs.write(f"{number}.csv", "\n".join(",".join(f"{row}" for _ in range(30)) for row in range(3)))
    shown = outputs.page()
    assert (len(shown.all("svg")), "not shown:" in shown.said) == (CHARTS, True)


def test_files_of_tensorboard_are_named_with_the_command_that_shows_them(outputs: Outputs) -> None:
    outputs.write("logs/events.out.tfevents.17.box", b"\x00")
    said = outputs.page().said
    assert ("logs" in said, "tensorboard --logdir outputs/run" in said) == (True, True)


def test_without_anything_to_show_the_page_says_what_it_looks_for(outputs: Outputs) -> None:
    outputs.write("model.pt", b"x")
    assert "no metrics" in outputs.page().said


def test_lines_that_make_no_sense_are_counted(outputs: Outputs) -> None:
    outputs.write("a.jsonl", '{"loss": 1}\n{\n{"loss": NaN}\n{"loss": 2}\n')
    said = outputs.page().said
    assert ("left out: 1 line without sense" in said, "not drawn: 1" in said) == (True, True)


def test_a_link_is_not_followed(outputs: Outputs) -> None:
    outputs.write("a.png", PNG)
    (outputs.folder / "b.png").symlink_to("/etc/passwd")
    (outputs.folder / "deep").symlink_to("/etc")
    assert collect(outputs.folder).images == ("a.png",)


def test_a_name_need_not_be_text(outputs: Outputs) -> None:
    outputs.write(os.fsdecode(b"\xff.png"), PNG)
    outputs.write("\x1b[2J.png", PNG)
    shown = outputs.page()
    assert sorted(str(each["alt"]) for each in shown.all("img")) == ["\\xff.png", "\N{REPLACEMENT CHARACTER}[2J.png"]
    shown.said.encode()
