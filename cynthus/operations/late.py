"""A step that is announced only if it takes long: most of the time there is nothing to tell."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cynthus.core.progress import Progress, Step

PATIENCE = 1.0
"""Seconds without a word."""


@contextmanager
def late(progress: Progress, title: str, *, patience: float = PATIENCE) -> Iterator[Callable[[int, int], None]]:
    """Gives what hears how many bytes of how many are done."""
    begun, step = time.monotonic(), list["Step"]()
    with ExitStack() as stack:

        def tell(done: int, total: int) -> None:
            if not step and time.monotonic() - begun >= patience:
                step.append(stack.enter_context(progress.step(title)))
            for each in step:
                each.amount(done, total)

        yield tell
