"""A driver by its name."""

from __future__ import annotations

import pytest

from cynthus.errors import UsageError
from cynthus.testing.gcp import BootFailed, NoHosts
from cynthus.testing.gcp.drivers import driver_named


def test_what_a_module_calls_so_is_called_and_gives_one() -> None:
    assert isinstance(driver_named("cynthus.testing.gcp:NoHosts"), NoHosts)


def full() -> None:
    raise BootFailed("there is no room")


def test_one_that_can_boot_nothing_says_why() -> None:
    with pytest.raises(UsageError, match="test_drivers:full boots no hosts: there is no room"):
        driver_named(f"{__name__}:full")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NoHosts", "'NoHosts' names nothing that boots hosts"),
        ("no_such_module:Hosts", "No module named 'no_such_module'"),
        ("cynthus.testing.gcp:Hotel", "cynthus.testing.gcp has no Hotel"),
    ],
)
def test_what_is_not_there_is_told_with_how_to_name_it(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        driver_named(name)
    assert "MODULE:NAME" in caught.value.hint
