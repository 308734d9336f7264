"""What a program imports becomes what is installed for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from cynthus.process import Command, run

if TYPE_CHECKING:
    from tests.images.folder import Folder


def test_the_standard_library_needs_nothing(app: Folder) -> None:
    assert app.infer("import os, sys\nfrom pathlib import Path\nimport xml.etree.ElementTree as tree\n").lines == ()


def test_the_standard_library_alone_costs_no_parser(app: Folder) -> None:
    app.write("main.py", '"""import this and that"""\nimport os; import sys\nfrom json import loads, dumps\n')
    program = (
        "import sys; from pathlib import Path; from cynthus.images.imports import Program, infer; "
        f"infer(Program(Path({str(app.path)!r}), Path({str(app.path)!r}), ('main.py',), 'main.py', (3, 11))); "
        "print(*sys.modules)"
    )
    loaded = run(Command((sys.executable, "-c", program))).stdout.decode().split()
    assert "cynthus.images.imports" in loaded
    assert not {"cynthus.images.parser", "cynthus.images.guards"} & set(loaded)


@pytest.mark.parametrize(
    ("statement", "package"),
    [
        ("import numpy as np", "numpy"),
        ("import cv2", "opencv-python-headless"),
        ("from sklearn.svm import SVC", "scikit-learn"),
        ("from PIL import Image", "pillow"),
        ("import yaml", "pyyaml"),
        ("import bs4, os", "beautifulsoup4"),
        ("from google.cloud import storage", "google-cloud-storage"),
        ("import google.protobuf.message", "protobuf"),
        ("from ruamel import yaml", "ruamel-yaml"),
        ("import os; import attr", "attrs"),
        ("def f():\n    import requests", "requests"),
        ("class A:\n    with open('x'):\n        from dateutil import parser", "python-dateutil"),
        ("import importlib\nimportlib.import_module('scipy')", "scipy"),
        ("import \\\n    numpy", "numpy"),
        ("match 1:\n    case 1:\n        import numpy", "numpy"),
    ],
)
def test_an_import_is_installed_by_the_name_of_its_package(app: Folder, statement: str, package: str) -> None:
    assert app.needed(statement + "\n") == [package]


def test_a_name_that_no_table_has_is_a_guess_and_says_so(app: Folder) -> None:
    (line,) = app.infer("import unheard_of\n").lines
    assert line.startswith("unheard-of  # a guess")


def test_a_name_that_the_table_has_is_told_with_what_it_is_imported_as(app: Folder) -> None:
    assert app.infer("import yaml\n").lines == ("pyyaml  # imported as yaml",)


def test_of_a_bare_namespace_nobody_can_tell_the_package(app: Folder) -> None:
    found = app.infer("import google\n")
    assert (found.lines, "import google" in found.warnings[0]) == ((), True)


def test_no_version_is_made_up(app: Folder) -> None:
    assert app.infer("import numpy\n").lines == ("numpy",)


def test_the_order_of_imports_changes_nothing(app: Folder) -> None:
    assert app.infer("import yaml\nimport numpy\n").lines == app.infer("import numpy\nimport yaml\n").lines


def test_what_every_file_of_the_program_imports_counts(app: Folder) -> None:
    app.write("part/__init__.py")
    app.write("part/deep.py", "import numpy\n")
    assert app.needed("import part.deep\n") == ["numpy"]


@pytest.mark.parametrize("file", ["tests/test_a.py", "docs/conf.py", "setup.py", "conftest.py", "test_a.py"])
def test_what_only_its_tests_and_its_build_import_does_not(app: Folder, file: str) -> None:
    app.write(file, "import pytest\n")
    assert app.needed("import numpy\n") == ["numpy"]


def test_new_syntax_is_read_that_this_python_does_not_know(app: Folder) -> None:
    # A template string, of Python 3.14.
    assert app.needed("from google.cloud import storage\nx = t'{1}'\nimport numpy\n") == [
        "google-cloud-storage", "numpy",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["helpers.py", "helpers/__init__.py", "helpers/part.py", "src/helpers.py", "helpers/deep/part.py"]
)
def test_a_module_of_the_folder_is_no_package(app: Folder, name: str) -> None:
    app.write(name)
    assert app.needed("import helpers\n") == []


def test_a_module_that_gitignore_leaves_out_is_no_package_either(app: Folder) -> None:
    app.write(".gitignore", "config.py\n")
    app.write("config.py")
    assert app.needed("import config\n") == []


def test_a_module_beside_the_importing_file_is_no_package(app: Folder) -> None:
    app.write("jobs/run.py", "import steps\n")
    app.write("jobs/steps.py")
    assert app.needed("") == []


def test_a_namespace_that_the_program_shares_with_packages_hides_none_of_them(app: Folder) -> None:
    app.write("google/mine/__init__.py")
    assert app.needed("import google.mine\nfrom google.mine import x\nfrom google.cloud import storage\n") == [
        "google-cloud-storage",
    ]  # fmt: skip


def test_a_shared_namespace_with_an_init_file_hides_none_of_them_either(app: Folder) -> None:
    app.write("azure/__init__.py", "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n")
    app.write("azure/mine/__init__.py")
    assert app.needed("import azure.mine\nfrom azure.core import rest\n") == ["azure-core"]


def test_what_is_for_windows_alone_is_written_so_that_it_is_installed_nowhere_else(app: Folder) -> None:
    assert app.infer("import win32api\n").lines == ("pywin32 ; sys_platform == 'win32'  # imported as win32api",)


def test_a_module_in_a_package_hides_nothing_from_the_files_beside_it(app: Folder) -> None:
    app.write("part/__init__.py")
    app.write("part/yaml.py", "import yaml\n")
    assert app.needed("from part import yaml\n") == ["pyyaml"]


def test_a_module_in_a_package_is_no_unknown_package_to_the_files_beside_it(app: Folder) -> None:
    app.write("part/__init__.py")
    app.write("part/steps.py")
    app.write("part/run.py", "if '.' in __name__:\n    from . import steps\nelse:\n    import steps\n")
    assert app.needed("import part.run\n") == []


def test_a_module_behind_a_changed_path_is_no_package(app: Folder) -> None:
    app.write("code/deep/steps.py")
    assert app.needed("import sys\nsys.path.append('code/deep')\nimport steps\n") == []


def test_a_folder_of_data_that_is_called_like_a_package_hides_nothing(app: Folder) -> None:
    app.write("wandb/run-2026/files/code.py")
    app.write("docker/Dockerfile")
    assert app.needed("import wandb, docker\n") == ["docker", "wandb"]


def test_relative_imports_are_the_programs_own(app: Folder) -> None:
    app.write("part/__init__.py", "from . import other\nfrom .other import x\nfrom .. import up\n")
    app.write("part/other.py")
    assert app.needed("import part\n") == []


def test_imports_in_a_circle_end(app: Folder) -> None:
    app.write("one.py", "import two\nimport numpy\n")
    app.write("two.py", "import one\n")
    assert app.needed("import one\n") == ["numpy"]
