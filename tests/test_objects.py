from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cynthus.objects import Object, Unfit, chosen, endpoint, is_generation, pin_of, told


def one(name: str, size: int = 1) -> Object:
    return Object(name, size, "1712345678901234", "AAAAAA==")


def test_objects_become_files_by_the_rest_of_their_names() -> None:
    assert list(chosen([one("raw/a"), one("raw/b/c")], "raw/", ())) == ["a", "b/c"]


def test_folders_of_other_programs_are_no_files() -> None:
    assert chosen([one("raw/", 0), one("raw/b/", 0)], "raw/", ()) == {}


@pytest.mark.parametrize(
    "name", ["raw/..", "raw/../x", "raw/a/../../x", "raw/./x", "raw//x", "raw/x/", "raw/\0", "raw//etc/passwd",
             "raw/" + "x" * 256, "raw/" + "é" * 128, "raw/" + "x/" * 2100 + "x"],
)  # fmt: skip
def test_what_no_file_can_be_called_is_refused(name: str) -> None:
    with pytest.raises(Unfit, match="file can have"):
        chosen([one(name)], "raw/", ())


@pytest.mark.parametrize("names", [("raw/a", "raw/a/b"), ("raw/a/b/c", "raw/a"), ("raw/a/b", "raw/a-", "raw/a")])
def test_a_file_and_a_folder_of_one_name_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(Unfit, match="a folder"):
        chosen(map(one, names), "raw/", ())


def test_what_is_left_out_may_be_called_as_it_likes() -> None:
    assert list(chosen([one("raw/../x"), one("raw/a.csv")], "raw/", ("*.csv",))) == ["a.csv"]


@given(st.lists(st.text(st.sampled_from("ab./\0é"), max_size=8), max_size=6))
def test_whatever_comes_as_files_stays_in_its_folder_and_lies_side_by_side(names: list[str]) -> None:
    try:
        found = chosen([one(f"raw/{name}") for name in names], "raw/", ())
    except Unfit:
        return
    for path in found:
        steps = path.split("/")
        assert not {"", ".", ".."} & set(steps)
        assert not any("/".join(steps[:end]) in found for end in range(1, len(steps)))


@given(st.permutations([one("a"), one("b"), one("c", 2)]))
def test_a_pin_does_not_depend_on_the_order(objects: list[Object]) -> None:
    assert pin_of(objects) == pin_of(sorted(objects))


@pytest.mark.parametrize("change", [{"name": "b"}, {"size": 2}, {"generation": "2"}, {"crc32c": "BBBBBB=="}])
def test_a_pin_is_another_one_for_each_change(change: dict[str, object]) -> None:
    assert pin_of([one("a")]) != pin_of([one("a")._replace(**change)])  # type: ignore[arg-type]


def test_a_pin_tells_whether_it_is_of_one_object() -> None:
    assert is_generation(one("a").generation)
    assert not is_generation(pin_of([one("a")]))


@pytest.mark.parametrize("resource", [{}, {"name": "a", "size": "x", "generation": "1"}, {"name": "a", "size": "1"}])
def test_what_says_nothing_of_an_object_is_none(resource: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError)):
        told(resource)


@pytest.mark.parametrize(
    ("named", "address"),
    [
        ("", "https://storage.googleapis.com"), ("localhost:9000", "http://localhost:9000"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000"), ("https://mirror.example.org", "https://mirror.example.org"),
    ],
)  # fmt: skip
def test_the_service_is_where_the_environment_says(named: str, address: str) -> None:
    assert endpoint({"STORAGE_EMULATOR_HOST": named}) == address


@pytest.mark.parametrize("named", ["http://example.org", "example.org:80", "ftp://127.0.0.1", "http://127.0.0.1.evil.org"])
def test_a_service_over_a_line_that_anybody_can_change_is_refused(named: str) -> None:
    with pytest.raises(Unfit):
        endpoint({"STORAGE_EMULATOR_HOST": named})
