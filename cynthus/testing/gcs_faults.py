"""What a simulated Google Cloud Storage is told to get wrong, and when."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping


class Request(Struct, frozen=True):
    """What was asked. `name` is the object's, '' where it is about none; `upload` says that the body is an object.
    `begin` is the byte from which on the object is wanted, `known` says whether a token came along."""

    method: str
    path: str
    query: Mapping[str, str]
    name: str = ""
    begin: int = 0
    known: bool = False

    @property
    def upload(self) -> bool:
        return self.path.startswith("/upload/")

    @property
    def lists(self) -> bool:
        return self.method == "GET" and self.path.endswith("/o")


class Fault(Struct, frozen=True):
    """One way to fail. Either `status` is answered, or the connection is cut, or a byte is changed on its way.

    `cut` counts bytes of the body: of the request's where it is sent to us, else of the answer's. `lost` does what was
    asked and cuts the connection before the answer. `garbled` changes the first byte of an object that is given or
    kept, without anybody noticing. `whole` gives all of an object to who asks for a part, as a cache on the way may.
    `location` is where an answer of that status sends whoever asks.
    """

    status: int = 0
    retry_after: str = ""
    cut: int | None = None
    lost: bool = False
    garbled: bool = False
    whole: bool = False
    message: str = ""
    location: str = ""


NO_FAULT = Fault()


class _Planned(Struct):
    fault: Fault
    times: int
    method: str
    name: str
    skip: int


class Faults:
    """Those that wait for their request."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._lock = threading.Lock()

    def plan(self, fault: Fault, *, times: int = 1, method: str = "", name: str = "", skip: int = 0) -> None:
        """For the next `times` requests with that method and about that object ('' for any), after `skip` of them."""
        with self._lock:
            self._planned.append(_Planned(fault, times, method, name, skip))

    def next(self, request: Request) -> Fault:
        """What happens to a request."""
        with self._lock:
            for each in self._planned:
                if each.times and each.method in ("", request.method) and each.name in ("", request.name):
                    if each.skip:
                        each.skip -= 1
                        continue
                    each.times -= 1
                    return each.fault
        return NO_FAULT
