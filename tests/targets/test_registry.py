"""Targets are found by the entry points of whatever packages are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.errors import UnknownTarget
from cynthus.targets.local.target import LocalTarget
from cynthus.targets.registry import Registry
from cynthus.targets.ssh.target import SshTarget
from tests.targets.places import settings_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(settings_of(tmp_path))


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, targets: str, code: str = "") -> None:
    """Install a package `moon` whose entry points are the lines `targets`."""
    info = folder / "site/moon-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: moon\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[cynthus.targets]\n{targets}\n")
    (folder / "site/moon_of_a_test.py").write_text(code)
    monkeypatch.syspath_prepend(folder / "site")


MOON = """
class Moon:
    def __init__(self, settings):
        self.settings = settings
"""


def test_local_is_installed_with_cynthus(registry: Registry) -> None:
    assert isinstance(registry.find("local"), LocalTarget)


def test_so_is_ssh(registry: Registry) -> None:
    assert isinstance(registry.find("ssh"), SshTarget)


def test_a_target_is_the_same_one_each_time(registry: Registry) -> None:
    assert registry.find("ssh") is registry.find("ssh")


def test_a_package_adds_a_target(tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "moon = moon_of_a_test:Moon", MOON)
    assert registry.names() == ("gcp", "local", "moon", "ssh")
    monkeypatch.delitem(__import__("sys").modules, "moon_of_a_test", raising=False)
    assert type(registry.find("moon")).__name__ == "Moon"


def test_nothing_is_imported_for_a_list(tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "moon = moon_of_a_test:Moon", "raise SystemExit('imported')")
    assert registry.names() == ("gcp", "local", "moon", "ssh")


def test_a_target_that_two_packages_offer_is_listed_once(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "local = moon_of_a_test:Moon")
    assert registry.names() == ("gcp", "local", "ssh")


def test_a_misspelt_target_is_asked_about(registry: Registry) -> None:
    with pytest.raises(UnknownTarget, match="lokal") as caught:
        registry.find("lokal")
    assert caught.value.hint == 'did you mean "local"?'


def test_an_unknown_target_lists_those_that_are_installed(registry: Registry) -> None:
    with pytest.raises(UnknownTarget) as caught:
        registry.find("zzz")
    assert caught.value.hint == "the installed targets are: gcp, local, ssh"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("no_such_module_of_ours:Moon", ""),
        ("moon_of_a_test:Missing", ""),
        ("moon_of_a_test:Moon", "import no_such_module_of_ours"),
        ("moon_of_a_test:Moon", "class Moon: pass"),
        ("moon_of_a_test:Moon", "class Moon"),
    ],
)
def test_a_broken_package_is_named(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch, value: str, code: str
) -> None:
    install(tmp_path, monkeypatch, f"moon = {value}", code)
    monkeypatch.delitem(__import__("sys").modules, "moon_of_a_test", raising=False)
    with pytest.raises(UnknownTarget, match="target 'moon' of the package moon cannot be loaded"):
        registry.find("moon")
