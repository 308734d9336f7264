"""How an image is put into a registry: the distribution protocol, as far as `docker push` needs it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import platform
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@dataclass(frozen=True)
class Depot:
    """A registry at `address` (http://...). `certificate` is the one it shows, `login` is user:password."""

    address: str
    certificate: Path | None = None
    login: str = ""

    def answers(self) -> bool:
        try:
            self._ask("GET", "/v2/")
        except (urllib.error.URLError, ConnectionError):
            return False
        return True

    def tags(self, repository: str) -> list[str]:
        """The tags that an image has there; none where there is no such image."""
        try:
            with self._open("GET", f"/v2/{repository}/tags/list") as answer:
                return sorted(json.loads(answer.read())["tags"] or [])
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []
            raise

    def digest(self, name: str) -> str:
        """What a tag stands for."""
        repository, _, tag = name.partition(":")
        with self._open("HEAD", f"/v2/{repository}/manifests/{tag}", accept=_IMAGE) as answer:
            return str(answer.headers["Docker-Content-Digest"])

    def put(self, name: str, tar: Path, architecture: str = "") -> None:
        """Put a tree into it as the image `name`, of this machine's architecture unless another one is named."""
        repository, _, tag = name.partition(":")
        plain = tar.read_bytes()
        layer = gzip.compress(plain, compresslevel=1)
        config = json.dumps(
            {
                "architecture": architecture or {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()],
                "os": "linux",
                "config": {},
                "rootfs": {"type": "layers", "diff_ids": [_digest(plain)]},
            }
        ).encode()
        for blob in (layer, config):
            self._put_blob(repository, blob)
        manifest = {
            "schemaVersion": 2,
            "mediaType": _IMAGE,
            "config": {"mediaType": _CONFIG, "size": len(config), "digest": _digest(config)},
            "layers": [{"mediaType": _LAYER, "size": len(layer), "digest": _digest(layer)}],
        }
        self._ask("PUT", f"/v2/{repository}/manifests/{tag or 'latest'}", json.dumps(manifest).encode(), _IMAGE)

    def _put_blob(self, repository: str, blob: bytes) -> None:
        place = self._ask("POST", f"/v2/{repository}/blobs/uploads/")
        joint = "&" if "?" in place else "?"
        self._ask("PUT", f"{place}{joint}digest={_digest(blob)}", blob, "application/octet-stream")

    def _ask(self, verb: str, path: str, body: bytes = b"", kind: str = "") -> str:
        """The answer's Location. It may be a whole address or a path."""
        with self._open(verb, path, body, kind) as answer:
            return str(answer.headers.get("Location", ""))

    def _open(self, verb: str, path: str, body: bytes = b"", kind: str = "", accept: str = "*/*") -> Any:
        url = path if path.startswith("http") else f"{self.address}{path}"
        headers = {"Content-Type": kind, "Accept": accept}
        if self.login:
            headers["Authorization"] = f"Basic {base64.b64encode(self.login.encode()).decode()}"
        request = urllib.request.Request(url, body, headers, method=verb)
        trust = ssl.create_default_context(cafile=self.certificate) if self.certificate else None
        return urllib.request.urlopen(request, context=trust, timeout=60)


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
