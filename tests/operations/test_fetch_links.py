"""Links that stay inside their folder come home, and no other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.operations.fetch import remarks
from tests.operations.twins import Twins

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def twins(tmp_path: Path) -> Twins:
    return Twins(tmp_path)


@pytest.mark.parametrize(
    ("path", "target"),
    [("latest", "10.pt"), ("latest", "gone.pt"), ("sub/latest", "../10.pt"), ("latest", "sub"), ("sub/all", ".."),
     ("self", "self"), ("latest", "./sub//./10.pt")],
)
def test_a_link_inside_the_folder_comes_home_as_it_is(twins: Twins, path: str, target: str) -> None:
    for file in ("10.pt", "sub/10.pt"):
        twins.writes(file, "1")
    twins.links(path, target)
    twins.pull()
    assert os.readlink(twins.home / path) == target  # noqa: PTH115 - its own words
    assert twins.compare().size == (0, 0)


def test_a_link_that_leads_to_something_else_now_does_so_at_home(twins: Twins) -> None:
    for number in ("10", "11"):
        twins.writes(f"{number}.pt", number)
        twins.links("latest.pt", f"{number}.pt")
        twins.pull()
    assert (twins.texts["latest.pt"], (twins.home / "latest.pt").read_text()) == ("-> 11.pt", "11")


def test_a_link_that_the_user_has_turned_is_kept(twins: Twins) -> None:
    twins.links("latest.pt", "10.pt")
    twins.pull()
    (twins.home / "latest.pt").unlink()
    (twins.home / "latest.pt").symlink_to("3.pt")
    twins.links("latest.pt", "11.pt")
    twins.pull()
    assert twins.texts == {"latest.pt": "-> 3.pt", "latest.pt.from-host": "-> 11.pt"}


OUTSIDE = ["/etc/hostname", "..", "../elsewhere", "sub/../../elsewhere", "sub/../10.pt"]


@pytest.mark.parametrize("target", OUTSIDE)
def test_a_link_that_leads_out_stays_on_the_host_and_counts_for_nothing(twins: Twins, target: str) -> None:
    twins.links("link", target)
    twins.pull()
    found = twins.compare()
    assert (twins.texts, found.files, found.size, [file.path for file in found.outside]) == ({}, (), (0, 0), ["link"])


def test_where_it_stays_and_what_to_do_is_said_in_a_line(twins: Twins) -> None:
    twins.links("link", "/etc/hostname")
    (said,) = remarks(twins.compare(), (), "outputs")
    assert said == (
        "outputs/link is a link to /etc/hostname and stays on the host; "
        "only a relative link inside outputs/ comes home: write one, or a copy"
    )


def test_of_many_links_one_is_named_and_the_others_are_counted(twins: Twins) -> None:
    for number in range(3):
        twins.links(f"link {number}", "/etc/hostname")
    (said,) = remarks(twins.compare(), (), "outputs")
    assert "outputs/link 0 is a link" in said
    assert "stays on the host (and 2 more links);" in said


def test_a_link_that_leads_out_at_home_too_is_no_reason_to_say_anything(twins: Twins) -> None:
    twins.links("link", "/etc/hostname")
    twins.home.mkdir()
    (twins.home / "link").symlink_to("/etc/hostname")
    assert remarks(twins.compare(), (), "outputs") == ()


def test_what_came_beside_is_said_in_a_line(twins: Twins) -> None:
    twins.mine("sub", "mine")
    twins.writes("sub/step", "1")
    found = twins.compare()
    assert remarks(found, twins.pull(), "checkpoints") == (
        "checkpoints/sub/step was changed at home and stays; what the host has came beside it, as sub.from-host/step",
    )


def test_a_name_that_would_break_the_line_is_written_with_escapes(twins: Twins) -> None:
    twins.links("a\nb", "/c\nd")
    (said,) = remarks(twins.compare(), (), "outputs")
    assert said.startswith(r"'outputs/a\nb' is a link to '/c\nd' and stays on the host;")
