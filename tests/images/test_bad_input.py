"""Whatever lies in a folder, the look at its imports ends, and tells what it left out."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

import pytest

from cynthus.images.snapshot import take

if TYPE_CHECKING:
    from tests.images.folder import Folder


@pytest.mark.parametrize("text", [b"def (:\n", b"import x\0y\n", b"\xff\xfe\x00bad"])
def test_a_file_that_is_no_python_is_told_and_the_others_count(app: Folder, text: bytes) -> None:
    app.write("broken.py", b"import json_x\n" + text)
    found = app.infer("import numpy\n")
    assert found.lines == ("numpy",)
    assert found.warnings == ("broken.py cannot be parsed, so nobody looked for imports in it",)


@pytest.mark.parametrize("deep", ["(" * 100_000, "-" * 200_000])
def test_a_file_on_which_the_parser_dies_is_told_and_the_others_count(app: Folder, deep: str) -> None:
    app.write("deep.py", f"import x\ny = {deep}1\n")
    found = app.infer("import numpy\n")
    assert (found.lines, len(found.warnings)) == (("numpy",), 1)


def test_a_huge_file_is_told_and_not_read(app: Folder) -> None:
    with app.write("huge.py").open("wb") as stream:
        stream.truncate(5_000_000_000)
    found = app.infer("import numpy\n")
    assert (found.lines, found.warnings) == (("numpy",), ("huge.py is over 20 MB, so nobody looked for imports in it",))


def test_a_huge_file_of_another_kind_is_nobodys_business_here(app: Folder) -> None:
    with app.write("weights.bin").open("wb") as stream:
        stream.truncate(5_000_000_000)
    assert app.infer("import numpy\n").warnings == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="this user reads any file")
def test_an_unreadable_file_is_told(app: Folder) -> None:
    app.write("secret.py", "import scipy\n").chmod(0)
    assert app.infer("import numpy\n").warnings == ("secret.py cannot be read: permission denied",)


def test_a_file_that_is_gone_by_now_is_told(app: Folder) -> None:
    snapshot = take(app.path, ["gone.py"])
    assert (snapshot.texts, snapshot.warnings) == ((), ("gone.py cannot be read: no such file or directory",))


def test_a_file_that_has_become_a_pipe_is_not_waited_for(app: Folder) -> None:
    os.mkfifo(app.path / "pipe.py")
    assert take(app.path, ["pipe.py"]).warnings == ("pipe.py cannot be read: it is no plain file",)


def test_a_file_that_has_become_a_link_is_not_followed(app: Folder) -> None:
    (app.path / "link.py").symlink_to(app.write("main.py"))
    assert take(app.path, ["link.py"]).texts == ()


def test_a_file_that_changes_all_the_time_is_read_at_one_moment(app: Folder) -> None:
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            app.write("main.py", ("import numpy\n" + "x = 1\n" * (number % 500)) if number % 2 else "import scipy\n")

    writer = threading.Thread(target=change)
    writer.start()
    try:
        seen = [app.needed() for _ in range(5)]
    finally:
        done.set()
        writer.join()
    assert all(each in (["numpy"], ["scipy"], []) for each in seen)


@pytest.mark.parametrize("name", ["with space.py", "übung.py", "new\nline.py", "-r.py", "quote'\".py"])
def test_a_file_may_have_any_name(app: Folder, name: str) -> None:
    app.write(name, "import numpy\n")
    assert app.needed("") == ["numpy"]


def test_a_name_that_is_no_text_is_read_too(app: Folder) -> None:
    with open(os.fsencode(app.path) + b"/\xff.py", "w") as stream:
        stream.write("import numpy\n")
    assert app.needed("") == ["numpy"]


def test_a_name_with_a_new_line_is_told_on_one_line(app: Folder) -> None:
    app.write("new\nline.py", "import x; def (:\n")
    (warning,) = app.infer("").warnings
    assert "\n" not in warning


def test_a_link_out_of_the_folder_is_not_followed(app: Folder) -> None:
    outside = app.path.parent / "outside"
    outside.mkdir()
    (outside / "more.py").write_text("import scipy\n")
    (app.path / "there").symlink_to(outside)
    (app.path / "one.py").symlink_to(outside / "more.py")
    assert app.needed("import numpy\n") == ["numpy"]


def test_links_in_a_circle_end(app: Folder) -> None:
    (app.path / "round").symlink_to(app.path)
    assert app.needed("import numpy\n") == ["numpy"]


def cell(*lines: str) -> dict[str, object]:
    return {"cell_type": "code", "source": [f"{line}\n" for line in lines], "metadata": {}, "outputs": []}


def test_a_notebooks_code_counts_without_what_is_ipythons_own(app: Folder) -> None:
    cells = [
        cell("%matplotlib inline", "!pip install scipy", "import numpy"), cell("%%bash", "import requests"),
        cell("def (:"), {**cell(), "source": "import pandas\nnumpy?"},
        {**cell("import torch"), "cell_type": "markdown"},
    ]  # fmt: skip
    app.write("look.ipynb", json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    assert app.needed("") == ["numpy", "pandas"]


def test_a_notebook_of_another_language_does_not_count(app: Folder) -> None:
    metadata = {"language_info": {"name": "R"}}
    app.write("look.ipynb", json.dumps({"cells": [cell("import numpy")], "metadata": metadata}))
    assert app.needed("") == []


@pytest.mark.parametrize("text", ["", "nope", "[]", '{"cells": 3}', '{"cells": [1]}'])
def test_a_broken_notebook_is_told(app: Folder, text: str) -> None:
    app.write("look.ipynb", text)
    assert app.infer("").warnings == ("look.ipynb is no notebook that can be read",)


def test_an_import_that_no_package_may_be_called_is_told(app: Folder) -> None:
    found = app.infer("import grüße\n")
    assert (found.lines, len(found.warnings)) == ((), 1)


def test_the_encoding_that_a_file_declares_counts(app: Folder) -> None:
    assert app.needed_of_bytes(b"# -*- coding: latin-1 -*-\nx = '\xe9'\nimport numpy\n") == ["numpy"]


def test_a_byte_order_mark_and_the_line_ends_of_other_systems_do_not_matter(app: Folder) -> None:
    assert app.needed_of_bytes(b"\xef\xbb\xbfimport numpy\r\nimport os\rimport scipy\r") == ["numpy", "scipy"]
