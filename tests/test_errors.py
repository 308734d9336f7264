from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cynthus import errors
from cynthus.errors import CynthusError, Problem, SpecError, every_error

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY = [error for error in every_error() if error.__module__ == "cynthus.errors"]
LINE = re.compile(r"^ {4}(?P<indent>[│ ]*(?:[├└]── )?)(?P<names>[A-Z]\w+(?:, [A-Z]\w+)*)(?P<rest>.*)$")


def drawn() -> Iterator[tuple[str, str, str]]:
    """Every class in the drawing: its name, its parent's and what is said beside it."""
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        depth, names = len(found["indent"]), found["names"].split(", ")
        above = [(other, name) for other, name in above if other < depth]
        parent = above[-1][1] if above else "Exception"
        above.append((depth, names[0]))
        for name in names:
            yield name, parent, found["rest"]


def test_the_drawing_has_every_class_once() -> None:
    assert sorted(name for name, _, _ in drawn()) == sorted(error.__name__ for error in EVERY)


def test_the_drawing_has_every_class_under_its_parent() -> None:
    parents = {error.__name__: error.__mro__[1].__name__ for error in EVERY}
    assert {name: parent for name, parent, _ in drawn()} == parents


def test_the_exit_codes_in_the_drawing_are_the_real_ones() -> None:
    said = {name: int(rest.split("exit ")[1].split(":")[0]) for name, _, rest in drawn() if "exit " in rest}
    assert said == {name: getattr(errors, name).exit_code for name in said}


def test_an_exit_code_that_differs_from_the_parents_is_drawn() -> None:
    said = {name for name, _, rest in drawn() if "exit " in rest}
    own = {error.__name__ for error in EVERY if "exit_code" in vars(error)}
    assert own == said


def test_the_exit_codes_are_those_of_the_design() -> None:
    codes = {error.__name__: error.exit_code for error in EVERY if "exit_code" in vars(error)}
    assert codes == {
        "CynthusError": 1,
        "UsageError": 2,
        "RunFailed": 3,
        "Locked": 4,
        "RunCancelled": 5,
        "Interrupted": 130,
    }


@pytest.mark.parametrize("error", EVERY)
def test_a_code_can_be_typed_and_looked_up(error: type[CynthusError]) -> None:
    assert "code" in vars(error), "it would share its parent's"
    assert re.fullmatch(r"CYN-\d{3}", error.code)


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in EVERY]
    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize("error", EVERY)
def test_an_error_is_explained_in_sentences_of_its_own(error: type[CynthusError]) -> None:
    text = vars(error)["__doc__"]
    assert text
    assert text.strip().endswith(".")
    assert len(text.split()) >= 4
    assert sum(other.__doc__ == text for other in EVERY) == 1


@pytest.mark.parametrize("error", [error for error in EVERY if not issubclass(error, SpecError)])
def test_an_error_is_data(error: type[CynthusError]) -> None:
    made = error("what and where", hint="what next", details=["more"])
    assert (str(made), made.message, made.hint, made.details) == (
        "what and where",
        "what and where",
        "what next",
        ("more",),
    )


def test_no_error_goes_without_a_hint() -> None:
    with pytest.raises(TypeError, match="hint"):
        CynthusError("what and where")  # type: ignore[call-arg]  # that is the point


def test_every_error_is_found_from_any_root() -> None:
    found = list(every_error(SpecError))
    assert found[0] is SpecError
    assert set(found) == {error for error in EVERY if issubclass(error, SpecError)}


def test_a_parent_comes_before_its_children() -> None:
    order = {error: place for place, error in enumerate(EVERY)}
    assert all(order[error.__mro__[1]] < order[error] for error in EVERY if error is not CynthusError)


PROBLEM = Problem("cynthus.yaml", 3, 1, "unknown key", "delete it", "CYN-115", "nmae: x")


@pytest.mark.parametrize(("count", "said"), [(1, "1 problem"), (2, "2 problems"), (11, "11 problems")])
def test_a_spec_error_counts_its_problems(count: int, said: str) -> None:
    error = SpecError([PROBLEM] * count)
    assert error.message == f"cynthus.yaml has {said}"
    assert error.problems == (PROBLEM,) * count


@pytest.mark.parametrize("error", [error for error in EVERY if issubclass(error, SpecError)])
def test_every_kind_of_spec_error_holds_problems(error: type[SpecError]) -> None:
    assert error([PROBLEM]).problems == (PROBLEM,)
