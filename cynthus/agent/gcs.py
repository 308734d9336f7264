"""Objects of Google Cloud Storage, by its own library: in a Python that has it, for the verb `hub`.

Many come at once. Each arrives under another name, goes on after a cut, and gets its own once its checksum is right.
"""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cynthus import objects
from cynthus.agent import gcs_session
from cynthus.agent.failure import CONTENT_WRONG, Failure
from cynthus.agent.gcs_failure import Stopped, Tries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cynthus.agent.gcs_session import Session
    from cynthus.objects import Object

THREADS = 16
_PIECE = 256 << 10
_CHUNK = 1 << 20


def fetch(asked: Mapping[str, Any], *, sleep: Callable[[float], object] | None = None) -> dict[str, object]:
    """Bring a folder of objects to a folder, or one object to a file; some of it may be there.

    Raises:
        Failure: it is not there, not for us, was changed since it was pinned, or does not come to its end.
        OSError: a folder cannot be made.
    """
    stop = threading.Event()
    tries = Tries(asked, stop, sleep or stop.wait)
    with gcs_session.admitted(asked, tries) as (session, wanted):
        fetching = _Fetching(session, tries, asked, Path(asked["folder"]).with_name("coming"))
        single = objects.is_generation(asked["revision"])
        folder = Path(asked["folder"])
        places = [(Path(asked["file"]) if single else folder / path, one) for path, one in wanted.items()]
        for parent in {place.parent for place, _ in places} | {fetching.folder}:
            parent.mkdir(parents=True, exist_ok=True)
        _all_of(fetching, places, stop)
    return {"files": len(places), "bytes": sum(one.size for _, one in places)}


def _all_of(fetching: _Fetching, places: list[tuple[Path, Object]], stop: threading.Event) -> None:
    """Raises: Failure, the first."""
    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(fetching.bring, place, one) for place, one in places]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            # Also where we are told to end: nobody waits out what a server asked for.
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
    failures = [each.exception() for each in futures if each.done() and not each.cancelled()]
    for failure in failures:
        if failure is not None and not isinstance(failure, Stopped):
            raise failure


class _Sum:
    """The crc32c of a file, as it grows."""

    def __init__(self) -> None:
        from google_crc32c import Checksum

        self._crc: Any = Checksum()

    def add(self, data: bytes) -> None:
        self._crc.update(data)

    def add_file(self, file: Path) -> None:
        with open(file, "rb") as stream:
            while piece := stream.read(_CHUNK):
                self.add(piece)

    def fits(self, one: Object) -> bool:
        """Whether it is the object's; so it is where Google tells none."""
        return one.crc32c in ("", base64.b64encode(self._crc.digest()).decode())


class _Fetching:
    """`folder` is where objects lie that have not come to their end."""

    def __init__(self, session: Session, tries: Tries, asked: Mapping[str, Any], folder: Path) -> None:
        self.folder = folder
        self._session = session
        self._tries = tries
        self._asked = asked

    def bring(self, place: Path, one: Object) -> None:
        """One object, unless it is there.

        Raises:
            Failure: see `fetch`.
            Stopped: another one has failed.
        """
        if _is_whole(place, one):
            return
        partial = self.folder / hashlib.sha256(one.name.encode(errors="surrogatepass")).hexdigest()[:32]
        # What was garbled on its way is so once.
        for _ in range(2):
            if self._came(partial, one):
                os.replace(partial, place)
                return
            partial.unlink()
        raise Failure(
            f"{self._asked['text']}: {one.name} came as something else than Google keeps: its crc32c differs",
            hint="run the command again; if it stays so, something on the way changes what passes", code=CONTENT_WRONG,
        )

    def _came(self, partial: Path, one: Object) -> bool:
        """Whether the whole object is there now, as Google keeps it."""
        checksum = _Sum()
        if partial.exists():
            checksum.add_file(partial)
        self._tries.until_it_works(lambda: self._go_on(partial, one, checksum), lambda: _size(partial))
        return _size(partial) == one.size and checksum.fits(one)

    def _go_on(self, partial: Path, one: Object, checksum: _Sum) -> None:
        """One try, from where the last one ended."""
        with open(partial, "ab") as output:
            begin = output.tell()
            if begin >= one.size:
                return
            with closing(self._session.opened(one, begin)) as response:
                for piece in objects.rest(response, begin, _PIECE):
                    self._tries.insist_on_going_on()
                    output.write(piece)
                    checksum.add(piece)
            if output.tell() < one.size:
                raise ConnectionError(f"{output.tell()} of {one.size} bytes came")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _is_whole(place: Path, one: Object) -> bool:
    """Whether the object came at an earlier try: whoever pulls a plug may leave a name without its content."""
    if not place.exists() or place.stat().st_size != one.size:
        return False
    checksum = _Sum()
    checksum.add_file(place)
    return checksum.fits(one)
