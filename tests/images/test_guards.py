"""An import counts under the condition under which it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.images.folder import Folder


def test_what_only_a_type_checker_reads_is_not_installed(app: Folder) -> None:
    main = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas\nelse:\n    import numpy\n"
    assert app.needed(main) == ["numpy"]


def test_what_the_program_does_without_is_a_comment(app: Folder) -> None:
    found = app.infer("import numpy\ntry:\n    import tqdm\nexcept ImportError:\n    tqdm = None\n")
    assert (found.lines[0], found.lines[-1]) == ("numpy", "# tqdm")


@pytest.mark.parametrize(
    "guard",
    [
        "try:\n    import tqdm\nexcept (ImportError, OSError):\n    pass",
        "try:\n    import tqdm\nexcept ModuleNotFoundError:\n    pass",
        "try:\n    import tqdm\nexcept Exception:\n    pass",
        "try:\n    import tqdm\nexcept:\n    pass",
        "from contextlib import suppress\nwith suppress(ImportError):\n    import tqdm",
        "from importlib.util import find_spec\nif find_spec('tqdm'):\n    import tqdm",
        "if HAS_TQDM:\n    import tqdm",
        "if is_tqdm_available():\n    import tqdm",
        "if TQDM is True:\n    import tqdm",
    ],
)
def test_ways_to_do_without(app: Folder, guard: str) -> None:
    assert app.needed(f"import numpy\n{guard}\n") == ["numpy"]


@pytest.mark.parametrize(
    "handler",
    ["except ImportError as error:\n    raise SystemExit(1)", "except ImportError:\n    print('no')\n    sys.exit(1)"],
)
def test_what_ends_the_program_where_it_is_missing_is_needed(app: Folder, handler: str) -> None:
    assert app.needed(f"import sys\ntry:\n    import tqdm\n{handler}\n") == ["tqdm"]


def test_a_broad_handler_around_work_says_nothing_about_imports(app: Folder) -> None:
    assert app.needed("try:\n    import tqdm\n    tqdm.work()\nexcept Exception:\n    pass\n") == ["tqdm"]


def test_what_stands_in_for_something_missing_is_needed(app: Folder) -> None:
    assert app.needed("try:\n    import cupy as xp\nexcept ImportError:\n    import numpy as xp\n") == ["numpy"]


@pytest.mark.parametrize(("python", "packages"), [((3, 11), []), ((3, 10), ["tomli"])])
def test_a_stand_in_for_the_standard_library_is_needed_where_that_lacks_it(
    app: Folder, python: tuple[int, int], packages: list[str]
) -> None:
    main = "try:\n    import tomllib\nexcept ImportError:\n    import tomli as tomllib\n"
    assert app.needed(main, python=python) == packages


@pytest.mark.parametrize(
    ("condition", "packages"),
    [
        ("sys.version_info >= (3, 12)", ["scipy"]),
        ("sys.version_info < (3, 11, 4)", ["scipy"]),
        ("sys.version_info[0] == 3", ["numpy", "scipy"]),
        ("sys.platform == 'win32'", ["scipy"]),
        ("os.name != 'nt'", ["numpy"]),
        ("not TYPE_CHECKING", ["numpy"]),
        ("sys.platform == 'win32' and x", ["scipy"]),
        ("sys.argv", ["numpy", "scipy"]),
    ],
)
def test_conditions_are_answered_for_linux_and_the_python_that_was_chosen(
    app: Folder, condition: str, packages: list[str]
) -> None:
    assert app.needed(f"import sys, os\nif {condition}:\n    import numpy\nelse:\n    import scipy\n") == packages


def test_what_is_needed_once_is_needed(app: Folder) -> None:
    assert app.needed("try:\n    import tqdm\nexcept ImportError:\n    pass\nimport tqdm\n") == ["tqdm"]
