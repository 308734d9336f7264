"""How far Docker is with the layers of an image, by the lines that it prints where there is no terminal."""

from __future__ import annotations

import re

_PUSH = "The push refers to repository "
_PULL = ": Pulling from "
_END = re.compile(r"(?:\S+: )?[dD]igest: sha256:|error|denied|unauthorized")
_LAYER = re.compile(r"([0-9a-f]{12}): (\S.*)")
_DONE = re.compile(r"Pushed|Layer already exists|Mounted from|Pull complete|Already exists")
_WAITS = "Retrying in "


class Layers:
    """Hears a log as it grows; `told` is how many layers have gone or come, '' while nothing does."""

    def __init__(self) -> None:
        self._verb = ""
        self._done: dict[str, bool] = {}
        self._waits = False
        self._rest = b""

    @property
    def told(self) -> str:
        if not self._verb:
            return ""
        counted = f"{sum(self._done.values())} of {len(self._done)} layer{'s' * (len(self._done) != 1)}"
        return f"{self._verb} the image: {counted}{', waiting for the registry' if self._waits else ''}"

    def hear(self, said: bytes) -> None:
        """Some more of it; a line that is cut is kept for its end."""
        *lines, self._rest = (self._rest + said).split(b"\n")
        for line in lines:
            self._line(line.decode(errors="replace").strip())

    def _line(self, line: str) -> None:
        if line.startswith(_PUSH) or _PULL in line:
            self._verb, self._done, self._waits = ("Push" if line.startswith(_PUSH) else "Fetch"), {}, False
        elif _END.match(line):
            self._verb = ""
        elif self._verb and (found := _LAYER.fullmatch(line)) is not None:
            layer, state = found.groups()
            self._done[layer] = _DONE.match(state) is not None
            self._waits = state.startswith(_WAITS)
