from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordDeleteError

from cynthus.credentials.secrets import resolve
from cynthus.errors import SecretMissing
from cynthus.process import Command, run

if TYPE_CHECKING:
    from pathlib import Path

SENTINEL = "swordfish-7c1d"


class Stored:
    """A keyring with a few values, that remembers what it was asked."""

    def __init__(self, **values: str) -> None:
        self.values = values
        self.asked: list[tuple[str, str]] = []

    def get_password(self, service_name: str, username: str) -> str | None:
        self.asked.append((service_name, username))
        return self.values.get(username)


class Broken:
    """A keyring that fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_password(self, service_name: str, username: str) -> str | None:
        raise self.error


def test_no_names_need_no_values() -> None:
    assert resolve((), {}, Broken(NoKeyringError())) == {}


def test_the_environment_comes_first() -> None:
    keyring = Stored(TOKEN="from the keyring")
    assert resolve(["TOKEN"], {"TOKEN": "from the environment"}, keyring) == {"TOKEN": "from the environment"}


def test_the_keyring_is_not_asked_for_what_the_environment_has() -> None:
    keyring = Stored(B="b")
    resolve(["A", "B"], {"A": "a"}, keyring)
    assert keyring.asked == [("cynthus", "B")]


def test_the_keyring_has_what_the_environment_lacks() -> None:
    assert resolve(["A", "B"], {"A": "a"}, Stored(B="b")) == {"A": "a", "B": "b"}


def test_only_what_was_asked_for_is_given() -> None:
    assert resolve(["A"], {"A": "a", "OTHER": "x"}, Stored()) == {"A": "a"}


def test_an_empty_variable_is_looked_up_in_the_keyring() -> None:
    assert resolve(["A"], {"A": ""}, Stored(A="a")) == {"A": "a"}


@pytest.mark.parametrize("value", ["line\nfeed", " spaces ", "ünïcödé", "${HOME}", "{{ x }}", "'\"\\", "a" * 100_000])
def test_a_value_passes_unchanged(value: str) -> None:
    assert resolve(["A"], {"A": value}) == {"A": value}


def test_all_missing_names_are_said_at_once() -> None:
    with pytest.raises(SecretMissing, match=r"secrets have no value: A, C$"):
        resolve(["A", "B", "C"], {"B": "b"}, Stored())


def test_one_missing_name_is_said_in_the_singular() -> None:
    with pytest.raises(SecretMissing, match=r"a secret has no value: A$"):
        resolve(["A"], {}, Stored())


def test_a_value_that_is_empty_everywhere_is_missing() -> None:
    with pytest.raises(SecretMissing):
        resolve(["A"], {"A": ""}, Stored(A=""))


def test_the_hint_says_both_ways_to_give_a_value() -> None:
    with pytest.raises(SecretMissing) as caught:
        resolve(["A"], {}, Stored())
    assert "export A=" in caught.value.hint
    assert "keyring set cynthus A" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NoKeyringError("x"), "there is no keyring on this machine"),
        (KeyringLocked("x"), "the keyring is locked"),
        (InitError("x"), "the keyring does not answer (InitError)"),
        (PasswordDeleteError("x"), "the keyring does not answer (PasswordDeleteError)"),
        (RuntimeError("x"), "the keyring does not answer (RuntimeError)"),
        (ConnectionRefusedError("x"), "the keyring does not answer (ConnectionRefusedError)"),
    ],
)
def test_a_keyring_that_fails_is_a_missing_value_with_its_reason(error: Exception, reason: str) -> None:
    with pytest.raises(SecretMissing) as caught:
        resolve(["A"], {}, Broken(error))
    assert caught.value.hint.endswith(reason)


def test_a_keyring_that_fails_does_not_cost_what_the_environment_has() -> None:
    with pytest.raises(SecretMissing, match=r": A$"):
        resolve(["A", "B"], {"B": "b"}, Broken(NoKeyringError()))


def test_no_value_appears_in_an_error() -> None:
    keyring = Stored(B=SENTINEL)
    with pytest.raises(SecretMissing) as caught:
        resolve(["A", "B", "C"], {"A": SENTINEL}, keyring)
    error = caught.value
    assert SENTINEL not in f"{error} {error.message} {error.hint} {error.details}"


@pytest.mark.parametrize("kind", [RuntimeError, ValueError, InitError])
def test_the_words_of_a_broken_keyring_do_not_appear_in_an_error(kind: type[Exception]) -> None:
    with pytest.raises(SecretMissing) as caught:
        resolve(["A"], {}, Broken(kind(f"cannot decrypt {SENTINEL}")))
    assert SENTINEL not in f"{caught.value} {caught.value.hint}"


ASK = """
import sys
from cynthus.credentials.secrets import resolve
from cynthus.errors import SecretMissing
try:
    print(resolve(["A"], {}))
except SecretMissing as error:
    print(error.hint)
"""


def ask_the_installed_keyring(home: Path, **variables: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **variables}
    answer = run(Command((sys.executable, "-c", ASK), env=environment))
    assert answer.stderr == b""
    return answer.stdout.decode().strip()


def test_the_installed_keyring_is_asked(tmp_path: Path) -> None:
    (tmp_path / "ring.py").write_text(
        "from keyring.backend import KeyringBackend\n"
        "class Ring(KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, service, name):\n"
        "        return f'{service}/{name}'\n"
        "    def set_password(self, service, name, value): ...\n"
        "    def delete_password(self, service, name): ...\n"
    )
    told = ask_the_installed_keyring(tmp_path, PYTHON_KEYRING_BACKEND="ring.Ring", PYTHONPATH=str(tmp_path))
    assert told == "{'A': 'cynthus/A'}"


def test_a_machine_without_a_keyring_is_said(tmp_path: Path) -> None:
    told = ask_the_installed_keyring(tmp_path, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    assert told.endswith("there is no keyring on this machine")


@pytest.mark.parametrize("backend", ["no.such.module", "json.nothing", "nonsense", "keyring.backends.null"])
def test_a_keyring_that_is_configured_wrongly_is_said(tmp_path: Path, backend: str) -> None:
    assert "the keyring" in ask_the_installed_keyring(tmp_path, PYTHON_KEYRING_BACKEND=backend)


def test_the_keyring_is_not_loaded_where_the_environment_has_everything() -> None:
    program = (
        "import sys; from cynthus.credentials.secrets import resolve; resolve(['A'], {'A': 'a'});"
        "print('keyring' in sys.modules)"
    )
    assert run(Command((sys.executable, "-c", program))).stdout == b"False\n"
