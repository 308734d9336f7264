"""Secrets that Google keeps: read by the machine as itself, so that no line to it carries them."""

from __future__ import annotations

import base64
import http.client
import json
import time
import urllib.error
from typing import TYPE_CHECKING, Any, NamedTuple

from cynthus import web
from cynthus.agent.failure import SECRET_MISSING, Failure
from cynthus.agent.gcs_token import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

USUAL = "https://secretmanager.googleapis.com/v1"
_PATIENCE = 90.0
"""Seconds for which a no is asked again: a permission that was just given may take more than a minute to count."""
_PAUSE = 2.0
_TIMEOUT = 15.0
_LATER = (403, 404, 408, 429, 500, 502, 503, 504)


class Asked(NamedTuple):
    """`values` came along; the others are to be read: of each `kept` secret that version."""

    values: Mapping[str, str]
    kept: Mapping[str, str]
    server: str
    service: str


def asked(said: bytes) -> Asked:
    """What a JSON object asks for.

    Raises:
        Failure: it makes no sense.
    """
    try:
        document = json.loads(said)
        values, kept = dict(document["values"]), dict(document["kept"])
        server, service = str(document["server"]), str(document["service"])
    except (ValueError, KeyError, TypeError):
        # What arrived is not repeated here: it may be a secret all the same.
        hint = 'send {"values": {}, "kept": {"NAME": "projects/.../versions/1"}, "server": "http://...", "service": ""}'
        raise Failure("what came on stdin names no secrets", hint=hint) from None
    texts = {str(key): str(value) for key, value in values.items()}
    return Asked(texts, {str(key): str(value) for key, value in kept.items()}, server, service)


def read(
    wishes: Asked, *, patience: float = _PATIENCE, sleep: Callable[[float], object] = time.sleep
) -> dict[str, str]:
    """All values by name.

    Raises:
        Failure: one is not given to this machine.
    """
    if wishes.service and not web.is_safe(wishes.service):
        raise Failure("the store of secrets is over a line that anybody can change", hint="name one with https://")
    tokens, until = Tokens(wishes.server), time.monotonic() + patience
    found = {}
    for name, version in wishes.kept.items():
        while True:
            try:
                found[name] = _value(f"{wishes.service or USUAL}/{version}:access", tokens)
                break
            except _Refused as refused:
                if not refused.later or time.monotonic() > until:
                    raise Failure(
                        f"Secret Manager does not give {name} to this machine: {refused}", code=SECRET_MISSING,
                        hint="run the command again; the machine's account needs roles/secretmanager.secretAccessor "
                        f"on {version.partition('/versions/')[0]}",
                    ) from None
                sleep(_PAUSE)
    return {**wishes.values, **found}


class _Refused(Exception):
    """The text says why; `later` it may be given."""

    def __init__(self, why: str, *, later: bool) -> None:
        super().__init__(why)
        self.later = later


def _value(address: str, tokens: Tokens) -> str:
    try:
        header = tokens.header()
    except PermissionError as error:
        raise _Refused(str(error.strerror), later=False) from None
    except (OSError, http.client.HTTPException) as error:
        raise _Refused(f"the machine gets no token: {error}", later=True) from None
    try:
        with web.ask(address, header, timeout=_TIMEOUT) as answer:
            document: Any = json.load(answer)
        return base64.b64decode(document["payload"]["data"]).decode()
    except urllib.error.HTTPError as error:
        with error:
            again = error.code in _LATER or (error.code == 401 and tokens.refused(header))
            raise _Refused(f"it answers {error.code}", later=again) from None
    except (OSError, http.client.HTTPException, web.UnsafeRedirect) as error:
        raise _Refused(f"it does not answer: {error}", later=True) from None
    except (ValueError, KeyError, TypeError):
        raise _Refused("it answers with something else", later=False) from None
