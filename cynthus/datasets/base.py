"""What a place of data is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.core.reference import Description, Reference


class Place(Protocol):
    """Where data comes from. It is asked from here; hosts fetch by themselves, with the same tokens."""

    def describe(self, reference: Reference) -> Description:
        """What there is now.

        Raises:
            ReferenceUnknown: there is no such thing.
            TokenNeeded: it is not given to everybody, and there is no token, or one that does not help.
            DownloadFailed: nobody answers, or not as they should.
        """

    def tokens(self) -> Mapping[str, str]:
        """What shows a host's right to what is not given to everybody; none where there is none."""
