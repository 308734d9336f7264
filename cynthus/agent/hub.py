"""The verb `hub`: what a Python with the library of a place does for the verb `fetch`."""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stdout
from typing import Any

from cynthus import web
from cynthus.agent.failure import DOWNLOAD, Failure

_ADDRESSES = {"hf": "HF_ENDPOINT", "kaggle": "KAGGLE_API_ENDPOINT"}
"""Variables of the libraries' own that say where a place is. Google's has rules of its own, and is looked at there."""


def asked(said: bytes) -> dict[str, Any]:
    """What the verb `fetch` wants: it is ours, too."""
    value: dict[str, Any] = json.loads(said)
    return value


def fetch(wish: dict[str, Any]) -> dict[str, object]:
    """Bring it, by the library of its place.

    Raises:
        Failure: it is not there, not for us, not what it should be, or does not come to its end.
    """
    _insist_on_safe_line(wish["scheme"])
    # What a library prints would come after our answer.
    with redirect_stdout(sys.stderr):
        if wish["scheme"] == "kaggle":
            from cynthus.agent import kaggle

            return kaggle.fetch(wish)
        if wish["scheme"] == "gs":
            from cynthus.agent import gcs

            return gcs.fetch(wish)
        from cynthus.agent import huggingface

        return huggingface.fetch(wish)


def _insist_on_safe_line(scheme: str) -> None:
    """See that a library shows no token to whoever is on the way."""
    if scheme not in _ADDRESSES:
        return
    try:
        # The usual one, which the library knows, is safe.
        web.named(os.environ, _ADDRESSES[scheme], "https://")
    except web.UnsafeAddress as unsafe:
        raise Failure(str(unsafe), hint="name one on this machine, or with https://", code=DOWNLOAD) from None
