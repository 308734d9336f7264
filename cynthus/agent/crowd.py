"""Many things that are done side by side, begun in order."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def side_by_side(
    lanes: int, work: Iterator[tuple[Thing, Callable[[], Result]]]
) -> Iterator[tuple[Thing, Callable[[], Result]]]:
    """Each thing with what gives what its call has given, or raises what that has raised, as they come to their end; at
    most `lanes` go on at a time, and what has begun is waited for. With one lane a call begins when it is asked."""
    if lanes == 1:
        yield from work
        return
    # Imported where somebody needs it: a folder has one lane.
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

    with ThreadPoolExecutor(lanes) as pool:
        going: dict[Future[Result], Thing] = {}
        while True:
            for thing, call in islice(work, lanes - len(going)):
                going[pool.submit(call)] = thing
            if not going:
                return
            for done in wait(going, return_when=FIRST_COMPLETED).done:
                yield going.pop(done), done.result
