"""Learns from ./data which word follows which, and answers questions about that over HTTP until it is told to end."""

import json
import os
import re
from collections import Counter, defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PORT = 8000  # the same as under `ports:` in cynthus.yaml


def learn(folder: Path) -> dict[str, Counter[str]]:
    following: dict[str, Counter[str]] = defaultdict(Counter)
    for path in sorted(folder.rglob("*.txt")):
        words = re.findall(r"[a-z']+", path.read_text().lower())
        for word, after in pairwise(words):
            following[word][after] += 1
    return dict(following)


MODEL = learn(Path("data"))


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/health":
            self.answer(200, {"words": len(MODEL)})
        elif address.path == "/next":
            word = parse_qs(address.query).get("word", [""])[0].lower()
            self.answer(200, {"word": word, "next": MODEL.get(word, Counter()).most_common(3)})
        else:
            self.answer(404, {"try": "/next?word=what"})

    def answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *words: object) -> None:
        if self.path != "/health":  # it is asked for every ten seconds
            super().log_request(*words)


# Only the machine itself may reach the port. A container has a network of its own, unless it is one of several, and
# Docker comes in through that.
inside = Path("/.dockerenv").exists() and "WORLD_SIZE" not in os.environ
where = "0.0.0.0" if inside else "127.0.0.1"
print(f"knows what follows {len(MODEL)} words; listens on port {PORT}")
ThreadingHTTPServer((where, PORT), Handler).serve_forever()
