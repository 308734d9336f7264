"""Several hosts asked at once, by threads that keep nobody from leaving: a host may take minutes not to answer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

Found = TypeVar("Found")


def side_by_side(acts: Sequence[Callable[[], Found]]) -> list[Future[Found]]:
    """Do all at once. Unlike the threads of a pool these are not waited for, be it at Ctrl-C or at the end of all."""
    # Read only here: it brings the module `logging` along, and most commands have nothing to do at once.
    from concurrent.futures import Future

    futures: list[Future[Found]] = [Future() for _ in acts]
    for act, future in zip(acts, futures, strict=True):
        threading.Thread(target=_fill, args=(future, act), daemon=True).start()
    return futures


def _fill(future: Future[Found], act: Callable[[], Found]) -> None:
    try:
        future.set_result(act())
    except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
        future.set_exception(error)
