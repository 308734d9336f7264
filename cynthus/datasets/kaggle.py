"""Kaggle, by the few requests of its interface that say what there is."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cynthus import web
from cynthus.core.reference import Description
from cynthus.credentials.tokens import token
from cynthus.datasets.asking import asked, endpoint
from cynthus.errors import DownloadFailed, ReferenceUnknown, TokenNeeded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.core.reference import Reference
    from cynthus.datasets.asking import Reply

VARIABLE = "KAGGLE_API_TOKEN"
_HOW = f"`export {VARIABLE}=...` (from kaggle.com/settings) or store it: `python -m keyring set cynthus {VARIABLE}`"
_DATASET = "datasets.DatasetApiService/GetDataset"
_FILES = "competitions.CompetitionApiService/DownloadDataFiles"
_MODEL = "models.ModelApiService/GetModelInstance"
_MODEL_FILES = "models.ModelApiService/DownloadModelInstanceVersion"
_FIRST_BYTE = {"Range": "bytes=0-0"}


class Kaggle:
    """`environment` is the user's. A token is shown only where Kaggle says no without."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._found: dict[str, str] | None = None

    def describe(self, reference: Reference) -> Description:
        kinds = {"competition": self._competition, "model": self._model}
        return kinds.get(reference.kind, self._dataset)(reference)

    def tokens(self) -> Mapping[str, str]:
        if self._found is None:
            self._found = self._look()
        return self._found

    @property
    def _endpoint(self) -> str:
        return endpoint(self._environment, "KAGGLE_API_ENDPOINT", "https://api.kaggle.com")

    def _dataset(self, reference: Reference) -> Description:
        owner, name = reference.name.split("/")
        reply, closed = self._ask(reference, _DATASET, {"ownerSlug": owner, "datasetSlug": name})
        told: Any = reply.document
        newest = _newest(reference, told, "currentVersionNumber")
        # What is told of the size is of the newest version.
        size = told.get("totalBytes") if reference.revision in (None, str(newest)) else None
        licence = str(told.get("licenseName") or "")
        return Description(
            reference, reference.revision or str(newest), size, None, licence, closed or told.get("isPrivate") is True
        )

    def _model(self, reference: Reference) -> Description:
        owner, model, framework, variation = reference.name.split("/")
        wish = {
            "ownerSlug": owner, "modelSlug": model, "framework": on_the_wire(framework), "instanceSlug": variation,
        }  # fmt: skip
        reply, closed = self._ask(reference, _MODEL, wish)
        told: Any = reply.document
        newest = _newest(reference, told, "versionNumber")
        version = reference.revision or str(newest)
        # Everybody sees what there is; that its files need a consent is told by these alone.
        files, shown = self._ask(
            reference, _MODEL_FILES, {**wish, "versionNumber": int(version)}, _FIRST_BYTE, limit=0
        )
        size = told.get("totalUncompressedBytes") if version == str(newest) else None
        return Description(
            reference, version, int(size) if size else web.size_of(files.headers), None,
            str(told.get("licenseName") or ""), closed or shown,
        )

    def _competition(self, reference: Reference) -> Description:
        # There is no version of its files; what their store says of them stands for one.
        reply, _ = self._ask(reference, _FILES, {"competitionName": reference.name}, _FIRST_BYTE, limit=0)
        return Description(
            reference, web.validator(reply.headers), web.size_of(reply.headers), None, "its rules", closed=True
        )

    def _ask(
        self, reference: Reference, method: str, wish: Mapping[str, object],
        headers: Mapping[str, str] | None = None, limit: int = 1_000_000,
    ) -> tuple[Reply, bool]:  # fmt: skip
        """The answer, and whether a token was needed for it."""
        address, body = f"{self._endpoint}/v1/{method}", json.dumps(wish).encode()
        plain = {"Content-Type": "application/json", **(headers or {})}
        reply, shown = asked(address, plain, body=body, limit=limit), False
        if reply.status in (401, 403, 404) and (mine := _authorization(self.tokens())):
            reply, shown = asked(address, {**plain, "Authorization": mine}, body=body, limit=limit), True
        if reply.status in (200, 206):
            return reply, shown
        raise _refusal(reference, reply, shown=shown)

    def _look(self) -> dict[str, str]:
        home = Path(self._environment.get("HOME", "/nonexistent")) / ".kaggle"
        user, key = (self._environment.get(name, "") for name in ("KAGGLE_USERNAME", "KAGGLE_KEY"))
        named = self._environment.get(VARIABLE, "")
        # Their own program takes a path there, too.
        files = [home / "access_token"]
        own = {**self._environment, VARIABLE: "" if named.startswith("/") else named}
        files = [Path(named), *files] if named.startswith("/") else files
        if not named and user and key:
            return {"KAGGLE_USERNAME": user, "KAGGLE_KEY": key}
        found = token(VARIABLE, own, files)
        return {VARIABLE: found.value} if found.value else _of_file(home / "kaggle.json")


def on_the_wire(framework: str) -> str:
    """How Kaggle's interface calls what a model is for."""
    return "MODEL_FRAMEWORK_" + re.sub(r"(?<=[a-z])([A-Z0-9])", r"_\1", framework).upper()


def _newest(reference: Reference, told: Any, key: str) -> int:
    newest = told.get(key) if isinstance(told, dict) else None
    if not isinstance(newest, int):
        raise DownloadFailed(f"Kaggle says nothing of {reference}", hint="run the command again in a while")
    if reference.revision and int(reference.revision) > newest:
        raise ReferenceUnknown(f"{reference} has no version {reference.revision}", hint=f"the newest is {newest}")
    return newest


def _of_file(file: Path) -> dict[str, str]:
    """A user's name and key, as Kaggle's page gives them."""
    try:
        told = json.loads(file.read_bytes())
        return {"KAGGLE_USERNAME": str(told["username"]), "KAGGLE_KEY": str(told["key"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _authorization(tokens: Mapping[str, str]) -> str:
    if VARIABLE in tokens:
        return f"Bearer {tokens[VARIABLE]}"
    if "KAGGLE_KEY" in tokens:
        pair = f"{tokens['KAGGLE_USERNAME']}:{tokens['KAGGLE_KEY']}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
    return ""


def _refusal(reference: Reference, reply: Reply, *, shown: bool) -> Exception:
    if reply.status == 401 and shown:
        return TokenNeeded(
            f"Kaggle does not take the token for {reference} (401)",
            hint=f"it has expired or is mistyped: make a new one at kaggle.com/settings, and `export {VARIABLE}=...`",
        )
    if reply.status in (401, 403) and not shown:
        return TokenNeeded(f"Kaggle gives {reference} only to whom it knows ({reply.status})", hint=_HOW)
    if reply.status == 403:
        page = f"https://www.kaggle.com/{reference.kind}s/{'/'.join(reference.name.split('/')[:2])}"
        return TokenNeeded(
            f"{reference} is given only to those who accepted its rules", hint=f"accept them at {page}"
        )
    if reply.status == 404:
        hint = "look at the name" if shown else f"look at the name; if it is private, {_HOW}"
        return ReferenceUnknown(f"there is no {reference} on Kaggle", hint=hint)
    return DownloadFailed(f"Kaggle refuses {reference} ({reply.status})", hint="run the command again in a while")
