"""A kill before any one of the steps on files that a piece of code takes, in one process."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STEPS = frozenset({
    "open", "os.chmod", "os.listdir", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.scandir", "os.symlink",
    "os.utime",
})
"""What Python tells auditors of, and calls it."""


class Cut(BaseException):
    """What a kill is to the code: nothing that it does after it has any effect."""


@dataclass
class _Knife:
    """`left`: how many steps below `place` are still taken; None cuts nothing."""

    place: str = ""
    left: int | None = None
    hung: bool = False

    def audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.left is None or event not in STEPS or not any(self.place in str(each) for each in arguments):
            return
        if self.left == 0:
            raise Cut
        self.left -= 1


_KNIFE = _Knife()


@contextmanager
def cut_off(place: Path, steps: int) -> Iterator[None]:
    """Let the block take so many steps below `place` and no more; it may end before.

    Raises:
        Cut: it did not.
    """
    if not _KNIFE.hung:
        # Nobody can take an auditor away again: this one does nothing outside of such a block.
        sys.addaudithook(_KNIFE.audit)
        _KNIFE.hung = True
    _KNIFE.place, _KNIFE.left = str(place), steps
    try:
        yield
    finally:
        _KNIFE.left = None
