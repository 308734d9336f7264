"""The key `bucket:` of cynthus.yaml."""

from __future__ import annotations

import pytest

from cynthus.errors import BadValue
from tests.core.reading import place, problem, read


@pytest.mark.parametrize("said", ["file:///srv/my results", "/srv/my results", "/srv//./my results/"])
def test_a_folder_of_the_host_is_a_bucket(said: str) -> None:
    assert read(f"bucket: {said}").bucket == "file:///srv/my results"


@pytest.mark.parametrize(
    ("said", "told"),
    [("gs://results", "gs://results"), ("gs://results/", "gs://results"), ("gs://a.b-c/x y/z/", "gs://a.b-c/x y/z")],
)
def test_a_bucket_of_google_is_one(said: str, told: str) -> None:
    assert read(f"bucket: {said}").bucket == told


def test_by_default_there_is_none() -> None:
    assert read("name: weather").bucket is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("s3://results", "does not save to"), ("gs://", "names no bucket"), ("gs://X-y", "names no bucket"),
        ("gs://results/../x", "no place in a bucket"), ("gs://results//x", "no place in a bucket"),
        ("results", "no whole path"), ("file://results", "no whole path"), ("file:///", "no whole path"),
        ("/srv/../etc", "no whole path"), ("''", "no whole path"), ("~/x", "no whole path"),
    ],
)  # fmt: skip
def test_what_is_no_bucket_is_told_with_what_is_one(said: str, told: str) -> None:
    found = problem(f"bucket: {said}")
    assert (found.code, place(f"bucket: {said}")) == (BadValue.code, (1, 9))
    assert told in found.message
    assert found.hint == (
        "write e.g. bucket: gs://my-results/weather, or file:///srv/results for a folder of the host"
    )
