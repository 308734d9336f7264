"""The values of an app's secrets: from the environment, then from the keyring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cynthus.errors import SecretMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SERVICE = "cynthus"
"""What our values are filed under in the keyring."""


class Keyring(Protocol):
    """The part of the package `keyring` that is used."""

    def get_password(self, service_name: str, username: str) -> str | None: ...


class KeyringUnusable(Exception):
    """There is no keyring that could be asked, or it is locked; the text says why and holds no value."""


def resolve(names: Iterable[str], environment: Mapping[str, str], keyring: Keyring | None = None) -> dict[str, str]:
    """A value for each name. An empty one counts as missing: that is what a pipeline makes of a secret it lacks.

    The keyring is asked only for what the environment does not have; by default that of this user.

    Raises:
        SecretMissing: names without a value, all of them at once.
    """
    values = {name: environment.get(name, "") for name in names}
    missing = [name for name, value in values.items() if not value]
    reason = ""
    try:
        for name in missing:
            values[name] = _ask(keyring, name)
    except KeyringUnusable as error:
        reason = str(error)
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise _missing(missing, reason)
    return values


def _ask(keyring: Keyring | None, name: str) -> str:
    """What the keyring has, '' if nothing."""
    # Loading it takes a tenth of a second and looks for a desktop; most apps have no secrets.
    import keyring as installed
    from keyring.errors import KeyringError, KeyringLocked, NoKeyringError

    try:
        return (keyring or installed).get_password(SERVICE, name) or ""
    except NoKeyringError as error:
        raise KeyringUnusable("there is no keyring on this machine") from error
    except KeyringLocked as error:
        raise KeyringUnusable("the keyring is locked") from error
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        # It looks for the one that PYTHON_KEYRING_BACKEND or keyringrc.cfg names only now.
        raise KeyringUnusable(f"the keyring cannot be loaded ({type(error).__name__})") from error
    except (KeyringError, RuntimeError, OSError) as error:
        # Its own words are left out: nobody promises that they hold no value.
        raise KeyringUnusable(f"the keyring does not answer ({type(error).__name__})") from error


def _missing(names: list[str], reason: str) -> SecretMissing:
    listed = ", ".join(names)
    first = names[0]
    also = f"; {reason}" if reason else f", or store it: `python -m keyring set {SERVICE} {first}`"
    return SecretMissing(
        f"{'a secret has' if len(names) == 1 else 'secrets have'} no value: {listed}",
        hint=f"set it in the environment (`export {first}=...`){also}",
    )
