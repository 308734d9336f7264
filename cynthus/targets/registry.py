"""Finds a target by its name. A package adds one by the entry-point group `cynthus.targets`."""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, cast

from cynthus.core.suggest import did_you_mean
from cynthus.errors import UnknownTarget

if TYPE_CHECKING:
    from cynthus.settings import Settings
    from cynthus.targets.base import Target

GROUP = "cynthus.targets"


class Registry:
    """The installed targets. Nothing is imported before it is asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open_ones: dict[str, Target] = {}

    def names(self) -> tuple[str, ...]:
        return tuple(sorted({entry.name for entry in self._entries}))

    def find(self, name: str) -> Target:
        """The target called `name`; the same one each time, for it may hold connections.

        Raises:
            UnknownTarget: no installed package offers it, or the one that does is broken.
        """
        if name in self._open_ones:
            return self._open_ones[name]
        for entry in self._entries:
            if entry.name == name:
                return self._open_ones.setdefault(name, self._open(entry))
        near = did_you_mean(name, self.names())
        raise UnknownTarget(
            f"there is no target {name!r}",
            hint=near or f"the installed targets are: {', '.join(self.names())}",
        )

    @cached_property
    def _entries(self) -> tuple[EntryPoint, ...]:
        # Looking reads a file of each installed package.
        return tuple(entry_points(group=GROUP))

    def _open(self, entry: EntryPoint) -> Target:
        try:
            return cast("Target", entry.load()(self._settings))
        except (ImportError, SyntaxError, AttributeError, TypeError) as error:
            package = entry.dist.name if entry.dist else entry.value
            raise UnknownTarget(
                f"the target {entry.name!r} of the package {package} cannot be loaded: {error}",
                hint=f"install {package} again in a version that fits, or choose another `target:`",
            ) from error
