"""Which files come home while the run that writes them goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.operations.places import sign_of

if TYPE_CHECKING:
    from cynthus.operations.fetch import Difference
    from cynthus.state.known import Sign
    from cynthus.targets.connection import FileEntry

SMALL = 1 << 20
"""Bytes of a file that comes at once, whatever is written to it: metrics, which one wants to see grow."""
LONGEST = 60.0
"""Seconds that a larger one is waited for to be left alone by its writer, for half a checkpoint is of no use."""
HELD = 5.0
"""Seconds that a round should take, for nobody else can change anything meanwhile."""
FIRST = 32 << 20
"""Bytes of the first round, when nobody knows yet how fast they come."""


class Ripe:
    """Chooses from one look to the next. `room` is how many bytes the next round may bring, `left` whether something
    waits for nothing but room."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, tuple[Sign, float]]] = {}
        self._room = self.room = FIRST
        self.left = False

    def begin(self) -> None:
        """Another look."""
        self.room, self.left = self._room, False

    def learn(self, size: int, seconds: float) -> None:
        """So much came in so long."""
        if size >= SMALL:
            self._room = max(SMALL, int(size / max(seconds, 0.001) * HELD))

    def choose(self, where: str, difference: Difference, now: float) -> Difference:
        """The same, with what should not come yet among `waiting`. Paths are those below `where`."""
        before, seen = self._seen.get(where, {}), dict[str, tuple["Sign", float]]()
        self._seen[where] = seen
        come: list[FileEntry] = []
        for file in difference.missing:
            sign, since = before.get(file.path, (None, now))
            seen[file.path] = sign_of(file), since
            if self._ripe(file, sign, now - since) and self._fits(file):
                come.append(file)
                # One that grows on and on comes again no sooner than after the same time.
                seen[file.path] = sign_of(file), now
        chosen = {file.path for file in come}
        waiting = tuple(file for file in difference.missing if file.path not in chosen)
        return replace(difference, missing=tuple(come), waiting=waiting)

    @staticmethod
    def _ripe(file: FileEntry, before: Sign | None, waited: float) -> bool:
        return file.link is not None or file.size <= SMALL or before == sign_of(file) or waited >= LONGEST

    def _fits(self, file: FileEntry) -> bool:
        # One comes in any case, however large it is.
        if self.room < file.size and self.room < self._room:
            self.left = True
            return False
        self.room -= file.size
        return True
