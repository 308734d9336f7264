"""How a simulated Google Cloud Storage speaks HTTP."""

from __future__ import annotations

import json
import os
import re
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from cynthus.testing.gcs_faults import NO_FAULT, Fault, Request
from cynthus.testing.gcs_objects import Content, Refusal
from cynthus.testing.gcs_uploads import Upload, checked_name, multipart, part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cynthus.testing.gcs import FakeGcs
    from cynthus.testing.gcs_objects import Held

_PATH = re.compile(r"/(?:upload/|download/)?storage/v1/b/(?P<bucket>[^/]+)(?:/o(?:/(?P<name>.+))?)?")
_SHORT = re.compile(r"/(?!upload/|download/|simulation/)(?P<bucket>[a-z0-9][a-z0-9._-]+)/(?!v1/)(?P<name>.+)")
"""As the XML API names an object. Google's library for Go reads so, and with it Terraform its state."""
_CHUNK = 1 << 20
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_JSON = "application/json; charset=UTF-8"


class _Cut(Exception):
    """The connection ends here."""


def handler(fake: FakeGcs) -> type[BaseHTTPRequestHandler]:
    """The class that answers for `fake`."""
    return type("Handler", (GcsHandler,), {"fake": fake})


class GcsHandler(BaseHTTPRequestHandler):
    """Answers for `fake`, which a subclass names."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = _CHUNK
    fake: FakeGcs

    def _serve(self) -> None:
        self._left = int(self.headers.get("Content-Length") or 0)
        self._in_chunks = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        self._fault = NO_FAULT
        try:
            self._answer(*self._found())
        except Refusal as refusal:
            self._refuse(refusal)
        except _Cut:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve  # noqa: N815 - as http.server wants it

    def _found(self) -> tuple[int, dict[str, str], bytes | memoryview]:
        """Status, headers and body of the answer."""
        parts = urlsplit(self.path)
        short = _SHORT.fullmatch(parts.path) if self.command == "GET" else None
        if short and not _PATH.fullmatch(parts.path):
            name = quote(unquote(short["name"]), safe="")
            parts = urlsplit(f"/storage/v1/b/{short['bucket']}/o/{name}?alt=media&{parts.query}")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        found = _PATH.fullmatch(parts.path)
        bucket, name = (found["bucket"], unquote(found["name"] or "")) if found else ("", "")
        upload = self.fake.uploads.get(query.get("upload_id", ""))
        about = name or query.get("name", "") or (upload.name if upload else "")
        part, authorization = _RANGE.fullmatch(self.headers.get("Range", "")), self.headers.get("Authorization", "")
        begin = int(part[1]) if part else 0
        request = Request(self.command, parts.path, query, about, begin, bool(authorization))
        self._fault = self.fake.admit(request, authorization)
        if self._fault.status:
            raise self._planned(self._fault)
        if self._fault.cut == 0 and not self._left:
            raise _Cut
        return self._done(request, bucket, name)

    @property
    def _here(self) -> str:
        return self.fake.endpoint

    def _planned(self, fault: Fault) -> Refusal:
        return Refusal(fault.status, fault.message or "as it was told to", reason="told")

    def _done(self, request: Request, bucket: str, name: str) -> tuple[int, dict[str, str], bytes | memoryview]:
        if request.upload:
            return self._upload(request, bucket)
        objects = self.fake.objects(bucket)
        query = request.query
        if request.lists:
            return _told(self._page(bucket, query))
        if not name:
            return _told({"kind": "storage#bucket", "name": bucket, "id": bucket})
        if self.command == "DELETE":
            objects.delete(name, query)
            return 204, {}, b""
        if self.command == "PATCH":
            return _told(objects.patch(name, json.loads(self._body()), query).resource(bucket))
        held = objects.find(name, query)
        return self._media(held) if query.get("alt") == "media" else _told(held.resource(bucket))

    def _page(self, bucket: str, query: Mapping[str, str]) -> dict[str, object]:
        most = min(int(query.get("maxResults", self.fake.page)), self.fake.page)
        prefix, after = query.get("prefix", ""), query.get("pageToken", "")
        held, following = self.fake.objects(bucket).page(prefix, after, most)
        token = {"nextPageToken": following} if following else {}
        return {"kind": "storage#objects", "items": [each.resource(bucket) for each in held], **token}

    def _media(self, held: Held) -> tuple[int, dict[str, str], memoryview]:
        asked = "" if self._fault.whole else self.headers.get("Range", "")
        size, found = len(held.content), _RANGE.fullmatch(asked)
        begin = int(found[1]) if found else 0
        end = min(int(found[2]) + 1 if found and found[2] else size, size)
        if found and begin >= size:
            raise Refusal(416, "The requested range cannot be satisfied.", reason="requestedRangeNotSatisfiable")
        headers = {
            "Content-Type": str(held.properties.get("contentType", "application/octet-stream")),
            "X-Goog-Hash": f"crc32c={held.hashes['crc32c']},md5={held.hashes['md5Hash']}",
            "X-Goog-Generation": str(held.generation),
            "X-Goog-Metageneration": str(held.metageneration),
            "X-Goog-Stored-Content-Length": str(size),
        }
        if found:
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
        return (206 if found else 200), headers, memoryview(held.content)[begin:end]

    # what is put

    def _upload(self, request: Request, bucket: str) -> tuple[int, dict[str, str], bytes]:
        kind, query = request.query.get("uploadType"), request.query
        if "upload_id" in query:
            return self._go_on(query["upload_id"])
        objects = self.fake.objects(bucket)
        if kind == "resumable":
            properties = json.loads(self._body() or b"{}")
            name = checked_name(query.get("name") or properties.get("name"))
            objects.compare(name, query)
            upload_id = os.urandom(8).hex()
            self.fake.uploads[upload_id] = Upload(bucket, name, properties, query)
            where = f"{self._here}{request.path}?uploadType=resumable&upload_id={upload_id}"
            return 200, {"Location": where}, b""
        properties, body = multipart(self.headers["Content-Type"], self._body()) if kind == "multipart" else (
            {}, self._body()
        )  # fmt: skip
        content = Content()
        content.add(self._garbled(body))
        held = objects.put(checked_name(query.get("name") or properties.get("name")), content, properties, query)
        return _told(held.resource(bucket))

    def _go_on(self, upload_id: str) -> tuple[int, dict[str, str], bytes]:
        upload = self.fake.uploads.get(upload_id)
        if upload is None:
            raise Refusal(404, "there is no such upload", reason="notFound")
        if self.command == "DELETE":
            del self.fake.uploads[upload_id]
            return 499, {}, b""
        if upload.done is not None:
            return _told(upload.done)
        comes = part(self.headers.get("Content-Range"), self._left)
        there = len(upload.content.data)
        if comes.begin is not None and comes.begin > there:
            raise Refusal(400, f"{there} bytes are there, so none from {comes.begin} on can be taken")
        # What is there already is sent again by who does not know it.
        skip = there - comes.begin if comes.begin is not None else 0
        try:
            for piece in self._pieces():
                upload.receive(self._garbled(piece[skip:]))
                skip = max(0, skip - len(piece))
        except _Cut:
            upload.persist()
            raise
        if len(upload.content.data) != comes.total:
            return 308, upload.range, b""
        hashed = dict(each.split("=", 1) for each in self.headers.get("X-Goog-Hash", "").split(",") if each)
        named = {"crc32c": "crc32c", "md5": "md5Hash"}
        properties = {**upload.properties, **{named[kind]: said for kind, said in hashed.items() if kind in named}}
        held = self.fake.objects(upload.bucket).put(upload.name, upload.content, properties, upload.query)
        upload.done, upload.content = held.resource(upload.bucket), Content()
        return _told(upload.done)

    def _garbled(self, data: bytes) -> bytes:
        if self._fault.garbled and data:
            self._fault = NO_FAULT
            return bytes([data[0] ^ 1]) + data[1:]
        return data

    # reading and writing

    def _pieces(self) -> Iterator[bytes]:
        """The body of the request, as far as it may come."""
        cut = self._fault.cut
        while self._comes():
            data = self.rfile.read(min(_CHUNK, self._left, _CHUNK if cut is None else cut))
            self._left -= len(data)
            if not data:
                raise _Cut
            yield data
            if cut is not None:
                cut -= len(data)
                if not cut:
                    raise _Cut

    def _comes(self) -> bool:
        """Whether there is more of the body; of one in chunks, how much of the next one."""
        if self._in_chunks and not self._left:
            size = self.rfile.readline().split(b";")[0].strip() or self.rfile.readline().split(b";")[0].strip()
            if not size:
                raise _Cut
            self._left = int(size, 16)
            if not self._left:
                self._in_chunks = False
                while self.rfile.readline().strip():
                    pass
        return bool(self._left)

    def _body(self) -> bytes:
        return b"".join(self._pieces())

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes | memoryview) -> None:
        if self._fault.lost:
            raise _Cut
        for _ in self._pieces():
            pass
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        fault: Fault = self._fault
        if fault.garbled and body:
            body = self._garbled(bytes(body))
        for begin in range(0, len(body), _CHUNK):
            end = begin + _CHUNK
            if fault.cut is not None and fault.cut < end:
                self.wfile.write(body[begin : fault.cut])
                raise _Cut
            self.wfile.write(body[begin:end])
        self.wfile.flush()

    def _refuse(self, refusal: Refusal) -> None:
        error = {"message": refusal.message, "domain": "global", "reason": refusal.reason}
        told = {"error": {"code": refusal.status, "message": refusal.message, "errors": [error], **refusal.more}}
        more = {"Retry-After": self._fault.retry_after, "Location": self._fault.location}
        given = {name: value for name, value in more.items() if value}
        self._fault = NO_FAULT
        try:
            self._answer(refusal.status, {"Content-Type": _JSON, **given}, json.dumps(told).encode())
        except _Cut:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _told(resource: Mapping[str, object]) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": _JSON}, json.dumps(resource).encode()
