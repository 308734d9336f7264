"""A Kaggle on loopback. Its own library talks to it through Cynthus with `KAGGLE_API_ENDPOINT` set to its address.

::

    with serving(KaggleHub()) as kaggle:
        kaggle.publish("me/words", {"words.csv": b"a,b"}, licence="CC0-1.0")
        kaggle.release("me/tiny/MODEL_FRAMEWORK_PY_TORCH/base", {"model.bin": b"1"})
        kaggle.hold("titanic", {"train.csv": b"1"})
        kaggle.accept("a token", "titanic")
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cynthus.testing.web import Answer, Request, WebServer

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATASETS = "/v1/datasets.DatasetApiService/"
_MODELS = "/v1/models.ModelApiService/"
_COMPETITIONS = "/v1/competitions.CompetitionApiService/"


@dataclass
class Dataset:
    """Its versions from 1 on."""

    versions: list[dict[str, bytes]] = field(default_factory=list)
    licence: str = ""
    private: bool = False


@dataclass
class Model:
    """A variation of one, its versions from 1 on. What is gated is given to those who accepted its terms."""

    versions: list[dict[str, bytes]] = field(default_factory=list)
    licence: str = ""
    private: bool = False
    gated: bool = False


@dataclass
class KaggleHub(WebServer):
    """`tokens` are those of people it knows, others are refused; a user's name and key are one with a colon between."""

    tokens: set[str] = field(default_factory=set)
    _datasets: dict[str, Dataset] = field(default_factory=dict)
    _models: dict[str, Model] = field(default_factory=dict)
    _competitions: dict[str, dict[str, bytes]] = field(default_factory=dict)
    _accepted: set[tuple[str, str]] = field(default_factory=set)

    def publish(self, name: str, files: Mapping[str, bytes], *, licence: str = "", private: bool = False) -> int:
        """Make these files the newest version of a data set; gives its number."""
        dataset = self._datasets.setdefault(name, Dataset())
        dataset.versions.append(dict(files))
        dataset.licence, dataset.private = licence or dataset.licence, private
        return len(dataset.versions)

    def release(
        self, name: str, files: Mapping[str, bytes], *, licence: str = "", private: bool = False, gated: bool = False
    ) -> int:
        """The same of a model: `owner/model/framework/variation`, the third as it is on the wire."""
        model = self._models.setdefault(name, Model())
        model.versions.append(dict(files))
        model.licence, model.private, model.gated = licence or model.licence, private, gated
        return len(model.versions)

    def hold(self, name: str, files: Mapping[str, bytes]) -> None:
        """Have a competition with these files."""
        self._competitions[name] = dict(files)

    def accept(self, token: str, name: str) -> None:
        """Know whose token it is, and that they accepted the rules of a competition, or the terms of `owner/model`."""
        self.tokens.add(token)
        self._accepted.add((token, name))

    def answer(self, request: Request) -> Answer:
        token = _token(request.headers.get("authorization", ""))
        if token and token not in self.tokens:
            return _error(401, "Unauthenticated")
        if request.path.startswith("/store/"):
            return super().answer(request)
        if request.path.startswith(_DATASETS):
            return self._dataset(request.path.removeprefix(_DATASETS), json.loads(request.body), token)
        if request.path.startswith(_MODELS):
            return self._model(request.path.removeprefix(_MODELS), json.loads(request.body), token)
        if request.path == f"{_COMPETITIONS}DownloadDataFiles":
            return self._files_of(str(json.loads(request.body)["competitionName"]), token)
        return Answer(404)

    def _dataset(self, method: str, wish: Mapping[str, Any], token: str) -> Answer:
        name = f"{wish['ownerSlug']}/{wish['datasetSlug']}"
        dataset = self._datasets.get(name)
        if dataset is None or (dataset.private and not token):
            return _error(403 if dataset else 404, "Permission denied" if dataset else "Not found")
        newest = len(dataset.versions)
        if method == "GetDataset":
            size = sum(map(len, dataset.versions[-1].values()))
            return _json({
                "ref": name, "currentVersionNumber": newest, "totalBytes": size, "licenseName": dataset.licence,
                "isPrivate": dataset.private,
            })  # fmt: skip
        number = int(wish.get("datasetVersionNumber") or newest)
        if method != "DownloadDataset" or not 0 < number <= newest:
            return _error(404, "Not found")
        return self._stored(f"/store/{name}/{number}/archive.zip", dataset.versions[number - 1])

    def _model(self, method: str, wish: Mapping[str, Any], token: str) -> Answer:
        owner = f"{wish['ownerSlug']}/{wish['modelSlug']}"
        name = f"{owner}/{wish['framework']}/{wish['instanceSlug']}"
        model = self._models.get(name)
        if model is None or (model.private and not token):
            return _error(403 if model else 404, "Permission denied" if model else "Not found")
        if method == "GetModelInstance":
            return _json({
                "slug": wish["instanceSlug"], "framework": wish["framework"], "versionNumber": len(model.versions),
                "licenseName": model.licence, "totalUncompressedBytes": sum(map(len, model.versions[-1].values())),
            })  # fmt: skip
        number = wish.get("versionNumber", 0)
        if method != "DownloadModelInstanceVersion" or not 0 < number <= len(model.versions):
            return _error(404, "Not found")
        if model.gated and (token, owner) not in self._accepted:
            return _error(403 if token else 401, "User consent is required" if token else "Unauthenticated")
        path = f"/store/{name}/{number}.tar.gz"
        self._files[path] = _tarred(model.versions[number - 1])
        return Answer(302, b"", {"Location": self.address + path})

    def _files_of(self, name: str, token: str) -> Answer:
        if name not in self._competitions:
            return _error(404, "Not found")
        if not token:
            return _error(401, "Unauthenticated")
        if (token, name) not in self._accepted:
            return _error(403, "You must accept this competition's rules before you'll be able to download files.")
        return self._stored(f"/store/{name}.zip", self._competitions[name])

    def _stored(self, path: str, files: Mapping[str, bytes]) -> Answer:
        """The way to a store, where archives lie for whoever knows the way."""
        self._files[path] = _zipped(files)
        return Answer(302, b"", {"Location": self.address + path})


def _zipped(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            # Without a date: the same files are the same archive.
            archive.writestr(zipfile.ZipInfo(name), data)
    return stream.getvalue()


def _tarred(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    # Without a date, as above.
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in sorted(files.items()):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def _token(authorization: str) -> str:
    kind, _, value = authorization.partition(" ")
    return base64.b64decode(value).decode() if kind == "Basic" else value


def _error(status: int, message: str) -> Answer:
    body = json.dumps({"code": status, "message": message}).encode()
    return Answer(status, body, {"Content-Type": "application/json"})


def _json(value: object) -> Answer:
    return Answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})
