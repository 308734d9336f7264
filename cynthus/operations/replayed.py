"""The log of one host over several attempts: what an earlier attempt has printed already is shown again with a mark."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cynthus.operations.follow import Sink

KEPT = 100_000
"""How many lines of the earlier attempts are remembered, the last ones: a checkpoint is hardly ever further back."""
LONGEST = 1 << 16
"""By so many bytes at its beginning a line is known. One that never ends must not be kept for ever."""
PATIENCE = 0.3
"""Seconds for which a line without an end is held back, since it may be one that was printed before."""
AGAIN = b"[again]"
CUT_OFF = b"[cut off]"


class Replayed:
    """Takes what main.py printed in one attempt after the other, in any pieces, and hands it on to `sink`.

    The first attempt goes through as it comes. In a later one a line that was printed before in the same words begins
    with `[again]`, as often as it was printed; where its beginning had to be shown before its end was there, it ends
    with that. What was cut off in the middle of a line has `[cut off]` at its end and never counts as a line: those
    without a mark are the lines of the log, each once.
    """

    def __init__(self, sink: Sink, *, patience: float | None = PATIENCE) -> None:
        self.sink = sink
        self.hidden = False
        """Whether what comes counts as printed, but is not to be seen."""
        self._patience = patience
        """None: a line is shown once it is whole."""
        self._left: Counter[int] = Counter()
        """How often each line of the earlier attempts may be printed again."""
        self._before = array("q")
        """These lines, in their order."""
        self._now = array("q")
        """Those of this attempt."""
        self._line = b""
        """The beginning of the line that has no end yet, up to LONGEST bytes."""
        self._open = False
        """Whether it was shown as far as it is known."""
        self._again: bool | None = None
        """Whether it was printed before, once so much of it is there that this is known."""
        self._cut = False
        self._since: float | None = None

    def __call__(self, data: bytes) -> None:
        """Take what was printed next."""
        *ends, rest = data.split(b"\n")
        if not self._left and self._again is None and (self._open or not self._line):
            # Nothing of this can have been printed before, so it is shown as it comes.
            self._emit(data)
            if ends:
                self._remember([_key(self._line + ends[0]), *map(_key, ends[1:])])
                self._begin()
            self._line += rest[: LONGEST - len(self._line)]
            self._open = bool(self._line)
            return
        shown = [self._ended(end) for end in ends]
        shown.append(self._grown(rest))
        self._emit(b"".join(shown))

    def look(self, now: float) -> None:
        """Show the beginning of a line that was held back for long enough; `now` is of a clock that never jumps."""
        if self._patience is None or self._open or self._cut or not self._line:
            return
        if self._since is None:
            self._since = now
        elif now - self._since >= self._patience:
            self.flush()

    def flush(self) -> None:
        """Show also the beginning of a line that has no end."""
        if self._line and not self._open and not self._cut:
            self._emit(self._line)
            self._open = True

    def cut_off(self) -> None:
        """End a line that has no end, for main.py was ended there. Should more of it be found yet, it comes whole."""
        self.flush()
        if self._open:
            self._emit(b" " + CUT_OFF + b"\n")
            self._open, self._cut = False, True
            if len(self._line) == LONGEST:
                self._begin()

    def next_attempt(self) -> None:
        """From here on another attempt prints: what was printed until now was before."""
        self.cut_off()
        self._begin()
        left, stay = self._left, array("q")
        # Of lines in the same words the first ones are those that were printed again.
        for key in reversed(self._before):
            if left[key] > 0:
                left[key] -= 1
                stay.append(key)
        stay.reverse()
        self._before = (stay + self._now)[-KEPT:]
        self._left, self._now = Counter(self._before), array("q")

    def _begin(self) -> None:
        self._line, self._open, self._again, self._cut, self._since = b"", False, None, False, None

    def _ended(self, end: bytes) -> bytes:
        """What to show of the line that ends with `end`."""
        key = _key(self._line + end)
        again = self._take(key) if self._again is None else self._again
        self._remember([key])
        if self._open:
            found = end + (b" " + AGAIN if again else b"") + b"\n"
        else:
            found = (AGAIN + b" " if again else b"") + self._line + end + b"\n"
        self._begin()
        return found

    def _grown(self, more: bytes) -> bytes:
        """What to show of the line that has no end after `more` either."""
        before = self._line
        self._line += more[: LONGEST - len(before)]
        self._cut = self._cut and not more
        if len(self._line) == LONGEST and self._again is None:
            self._again = self._take(_key(self._line))
        if self._open:
            return more
        if self._left and self._again is None:
            return b""
        self._open = bool(self._line)
        return before + more

    def _take(self, key: int) -> bool:
        """Whether that line was printed before, and not again yet."""
        count = self._left.get(key, 0)
        if count > 1:
            self._left[key] = count - 1
        elif count:
            del self._left[key]
        return count > 0

    def _remember(self, keys: list[int]) -> None:
        self._now.extend(keys)
        if len(self._now) > 2 * KEPT:
            del self._now[:-KEPT]

    def _emit(self, data: bytes) -> None:
        if data and not self.hidden:
            self.sink(data)


def _key(line: bytes) -> int:
    # 64 bits with a secret of this process: nobody prints two lines that it takes for one.
    return hash(line[:LONGEST])
