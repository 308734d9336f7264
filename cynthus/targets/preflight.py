"""What can be asked of a place before anything is made there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cynthus.core.finding import Finding


class Preflight(Protocol):
    """Questions whose answers tell whether what would be made can be had, and the little that can be mended at once."""

    @property
    def questions(self) -> Mapping[str, Callable[[], tuple[Finding, ...]]]:
        """By what they are about. None of them changes anything, and none waits for another: whoever asks them asks all
        at once, and need not wait for those that take long.

        A question raises a CynthusError where nobody can tell, or may not be told.
        """

    def enable(self, names: Sequence[str], activity: Callable[[str], None]) -> None:
        """Switch on what findings named, and wait until it is.

        Raises:
            ProjectUnfit: whoever asks may not.
            CloudFailed, NotLoggedIn: it cannot be done, or nobody can tell.
        """
