"""Who we are to Google Cloud."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cynthus.errors import NotLoggedIn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.auth.credentials import Credentials

TOKEN = "GOOGLE_OAUTH_ACCESS_TOKEN"  # noqa: S105 - a name
KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
EMULATOR = "STORAGE_EMULATOR_HOST"
IMPERSONATED = "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"
"""The account to act as; Terraform's google provider reads it, too."""
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
READ_ONLY = "https://www.googleapis.com/auth/devstorage.read_only"

_LOG_IN = "run `gcloud auth application-default login`"
_MAKE_TOKEN = f"`export {TOKEN}=$(gcloud auth print-access-token)`"
_PIPELINE = f"in a pipeline set {KEY_FILE} to a file with credentials, or {TOKEN} to a token ({_MAKE_TOKEN})"


class GoogleLogin(Struct, frozen=True):
    """Credentials, None for nobody in particular. `hint` says how to log in where Google does not take them; it holds
    no secret."""

    credentials: Credentials | None
    hint: str

    def __repr__(self) -> str:
        # What is written of it somewhere never has the token.
        return f"GoogleLogin(hint={self.hint!r})"


def login(environment: Mapping[str, str]) -> GoogleLogin:
    """From a token in the environment, else as all of Google's programs do it (application default credentials).

    An emulator asks nobody for credentials, so they are not looked for.

    Raises:
        NotLoggedIn: there are none.
        ModuleNotFoundError: the extra `gcp` is not installed; `cynthus.storage.opening` tells it.
    """
    token = environment.get(TOKEN, "").strip()
    if token:
        from google.oauth2.credentials import Credentials as TokenCredentials

        hint = f"the token in {TOKEN} lasts an hour: get a new one with {_MAKE_TOKEN}, or unset it and {_LOG_IN}"
        return _acting(GoogleLogin(TokenCredentials(token), hint), environment)
    if environment.get(EMULATOR):
        return GoogleLogin(None, f"{EMULATOR} is set and its service wants a token: set {TOKEN}, or unset {EMULATOR}")
    return _default(environment)


class Bearer(Struct, frozen=True):
    """A token for reading buckets, '' for none. `hint` says how to log in where Google does not take it."""

    value: str
    hint: str

    def __repr__(self) -> str:
        # What is written of it somewhere never has the token.
        return f"Bearer(hint={self.hint!r})"


def bearer(environment: Mapping[str, str], scope: str = READ_ONLY) -> Bearer:
    """A token that is good for an hour, whose beginning is now where credentials can be renewed.

    Raises:
        NotLoggedIn: there are no credentials, or Google renews none.
        ModuleNotFoundError: the extra `gcp` is not installed, and needed.
    """
    named = environment.get(TOKEN, "").strip()
    if named and not environment.get(IMPERSONATED):
        # Whoever has one needs no library.
        return Bearer(named, f"a token lasts an hour: {_MAKE_TOKEN}, or unset it and {_LOG_IN}")
    found = login(environment)
    if found.credentials is None:
        return Bearer("", found.hint)
    return Bearer(_renewed(found, scope), found.hint)


def how_to_log_in(environment: Mapping[str, str]) -> str:
    """What to do where Google does not take what `login` finds."""
    try:
        return login(environment).hint
    except NotLoggedIn as error:
        return error.hint
    except ModuleNotFoundError:
        return f"{_LOG_IN}; {_PIPELINE}"


def key_file(environment: Mapping[str, str]) -> str | None:
    """The path of the key of a service account that would be used, which works until somebody deletes it; None where
    another kind of credentials is."""
    path = environment.get(KEY_FILE)
    if not path or environment.get(TOKEN, "").strip():
        return None
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError):
        return None
    return path if isinstance(found, dict) and found.get("type") == "service_account" else None


def service_account(environment: Mapping[str, str]) -> str:
    """The address of the service account that the credentials are of; '' where they are a person's, or only a token.

    Raises:
        NotLoggedIn: there are no credentials.
        ModuleNotFoundError: the extra `gcp` is not installed.
    """
    named = environment.get(IMPERSONATED, "")
    if named or environment.get(TOKEN, "").strip():
        return named
    found = getattr(login(environment).credentials, "service_account_email", None)
    # A machine of Google's is told its account's address only once it asks for a token.
    return found if isinstance(found, str) and "@" in found else ""


def _renewed(found: GoogleLogin, scope: str) -> str:
    from google.auth.credentials import Scoped
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    credentials = found.credentials
    if isinstance(credentials, Scoped):
        # A user's own have the rights that they were made with.
        credentials = credentials.with_scopes([scope])
    try:
        assert credentials is not None  # noqa: S101 - whoever calls has looked
        credentials.refresh(Request())
    except GoogleAuthError as error:
        # Its text may have an answer of Google's in it, which nobody has read.
        raise NotLoggedIn(
            f"Google gives no token for the credentials of this machine ({type(error).__name__})", hint=found.hint
        ) from None
    return str(credentials.token)


def _default(environment: Mapping[str, str]) -> GoogleLogin:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError, MutualTLSChannelError

    try:
        with warnings.catch_warnings():
            # That no project is named to pay for requests: those to a bucket are paid by the bucket's.
            warnings.filterwarnings("ignore", "Your application has authenticated using end user credentials")
            credentials, _ = google.auth.default(scopes=[SCOPE])
    except (DefaultCredentialsError, MutualTLSChannelError, OSError, ValueError) as error:
        named = environment.get(KEY_FILE)
        if named:
            message = f"the file that {KEY_FILE} names cannot be used: {named}"
            raise NotLoggedIn(message, hint=f"name another one, or unset it and {_LOG_IN}") from error
        message = "Google Cloud does not know who you are: there are no credentials on this machine"
        raise NotLoggedIn(message, hint=f"{_LOG_IN}; {_PIPELINE}") from error
    return _acting(GoogleLogin(credentials, f"log in again: {_LOG_IN}; {_PIPELINE}"), environment)


def _acting(found: GoogleLogin, environment: Mapping[str, str]) -> GoogleLogin:
    """The account to act as, where one is named: also with a token, as Terraform's provider has it."""
    account = environment.get(IMPERSONATED)
    if not account:
        return found
    from google.auth import impersonated_credentials

    credentials = impersonated_credentials.Credentials(found.credentials, account, [SCOPE])
    hint = f"see that you may act as {account} (roles/iam.serviceAccountTokenCreator), and that you are logged in"
    return GoogleLogin(credentials, f"{hint}; {found.hint}")
