"""A folder on its way to a bucket: many small files, a large one, and the same again when nothing has changed.

The peers are Google's own library, one file after the other, its transfer_manager with 8 threads, and one plain request
for the large file. All of them talk to the same simulated service, which runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.gcs_apart import BUCKET, Apart, gcs_apart
from benchmarks.measure import verdict
from benchmarks.memory import peak

if TYPE_CHECKING:
    from collections.abc import Callable

LATENCY = 0.05
FILES = 2000
IN_A_ROW = 200
"""How many are sent one after the other: their time is in proportion to their number."""
LARGE = 1 << 30
CURVE = (1000, 10_000, 100_000)


class Cost(NamedTuple):
    """Seconds, without the time that Python takes to start, and MB at most."""

    seconds: float
    memory: float


def files(folder: Path, count: int, size: int) -> Path:
    """A folder of that many files, a hundred in each folder."""
    for number in range(count):
        if number % 100 == 0:
            (folder / f"{number // 100:04}").mkdir(parents=True)
        (folder / f"{number // 100:04}" / f"{number:06}").write_bytes(os.urandom(size))
    return folder


def apart(what: str, there: Apart, *words: str | Path | int) -> Cost:
    """Do it in a process of its own, whose memory nobody else has used before."""
    argv = (sys.executable, "-m", "benchmarks.bucket_sync", what, there.endpoint, *map(str, words))
    seconds, memory = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout)
    return Cost(seconds, memory)


def ours(endpoint: str, folder: str) -> None:
    from cynthus.storage.gcs import GcsBucket
    from cynthus.storage.sending import send

    send(Path(folder), GcsBucket(BUCKET, endpoint=endpoint), "data/", manifest=Path(f"{folder}.manifest"))


def in_a_row(endpoint: str, folder: str, count: str) -> None:
    bucket = library(endpoint)
    for path in sorted(Path(folder).rglob("*[0-9]/*"))[: int(count)]:
        bucket.blob(f"row/{path.name}").upload_from_filename(path)


def eight_threads(endpoint: str, folder: str) -> None:
    from google.cloud.storage import transfer_manager

    names = [str(path.relative_to(folder)) for path in sorted(Path(folder).rglob("*[0-9]/*"))]
    found = transfer_manager.upload_many_from_filenames(
        library(endpoint), names, folder, "eight/", max_workers=8, worker_type=transfer_manager.THREAD
    )
    assert set(found) == {None}, found


def one_request(endpoint: str, folder: str) -> None:
    import requests

    where = f"{endpoint}/upload/storage/v1/b/{BUCKET}/o"
    path = next(Path(folder).rglob("*[0-9]/*"))
    with open(path, "rb") as stream:
        requests.post(where, params={"uploadType": "media", "name": "one"}, data=stream, timeout=600).raise_for_status()


def library(endpoint: str):  # type: ignore[no-untyped-def]  # noqa: ANN201, RUF100 - Google's library has no types
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    client = Client(project=None, credentials=AnonymousCredentials(), client_options={"api_endpoint": endpoint})
    return client.bucket(BUCKET)


WAYS: dict[str, Callable[..., None]] = {
    "ours": ours, "in_a_row": in_a_row, "eight_threads": eight_threads, "one_request": one_request,
}  # fmt: skip


def timed(way: str, words: list[str]) -> None:
    """What `apart` runs. What is imported is so before the clock starts."""
    import google.cloud.storage.transfer_manager  # noqa: F401

    import cynthus.storage.gcs
    import cynthus.storage.sending  # noqa: F401

    began = time.monotonic()
    WAYS[way](*words)
    print(json.dumps([time.monotonic() - began, peak(os.getpid())]))


def line(what: str, cost: Cost) -> None:
    print(f"{what:<44} {cost.seconds:7.2f} s  {cost.memory:6.0f} MB")


def many_small(root: Path) -> None:
    folder = files(root / "small", FILES, 4096)
    with gcs_apart(LATENCY) as there:
        row = apart("in_a_row", there, folder, IN_A_ROW)
        eight = apart("eight_threads", there, folder)
        there.asked()
        first = apart("ours", there, folder)
        there.asked()
        again = apart("ours", there, folder)
        asked = there.asked()
        next(folder.rglob("*[0-9]/*")).write_bytes(b"changed")
        apart("ours", there, folder)
        changed = there.asked()
    line(f"{IN_A_ROW} files in a row", row)
    line(f"{FILES} files with transfer_manager, 8 threads", eight)
    line(f"{FILES} files", first)
    line("the same again", again)
    in_all = row.seconds * FILES / IN_A_ROW
    verdict("of the time in a row", first.seconds / in_all, 0.1, "")
    verdict("of the time of transfer_manager", first.seconds / eight.seconds, 1.0, "")
    verdict("unchanged: requests that are no list", len([each for each in asked if each != "LIST"]), 0, "")
    verdict("one file changed: the same", len([each for each in changed if each != "LIST"]), 1, "")


def one_large(root: Path, latency: float) -> None:
    folder = root / f"large-{latency}"
    (folder / "0").mkdir(parents=True)
    with open(folder / "0" / "0", "wb") as stream:
        stream.writelines(os.urandom(1 << 20) for _ in range(LARGE >> 20))
    with gcs_apart(latency) as there:
        pairs = [(apart("one_request", there, folder), _anew(there, folder)) for _ in range(3)]
    plain, cost = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    line(f"1 GiB in one request, {latency * 1000:.0f} ms", plain)
    line("1 GiB", cost)
    verdict("of the time in one request", cost.seconds / plain.seconds, 1 / 0.9, "")
    verdict("memory", cost.memory, 150, "MB")


def _anew(there: Apart, folder: Path) -> Cost:
    path = folder / "0" / "0"
    with open(path, "r+b") as stream:
        stream.write(os.urandom(8))
    folder.with_name(f"{folder.name}.manifest").unlink(missing_ok=True)
    return apart("ours", there, folder)


def curve(root: Path) -> None:
    each_of: dict[int, float] = {}
    for count in CURVE:
        folder = files(root / str(count), count, 100)
        with gcs_apart() as there:
            first, again = apart("ours", there, folder), apart("ours", there, folder)
        each = f"{first.seconds / count * 1000:.2f} ms each, again {again.seconds / count * 1e6:.0f} us each"
        line(f"{count} files, no latency", first)
        print(f"{'':<44} {each}, {again.memory:.0f} MB")
        each_of[count] = first.seconds / count
    verdict("what a file costs: the most by the least", max(each_of.values()) / min(each_of.values()), 1.5, "")


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        many_small(root)
        for latency in (LATENCY, 0.0):
            one_large(root, latency)
        curve(root)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        timed(sys.argv[1], sys.argv[2:])
    else:
        main()
