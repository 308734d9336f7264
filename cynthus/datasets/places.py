"""All places, by scheme."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cynthus.core.reference import Description, Reference
    from cynthus.datasets.base import Place


ADDRESSES = ("HF_ENDPOINT", "KAGGLE_API_ENDPOINT", "STORAGE_EMULATOR_HOST")
"""Variables of the libraries' own that say where a place is: a mirror, say."""


class Places:
    """The places that there are, each made when something of it is asked for. `environment` is the user's."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._made: dict[str, Place] = {}

    def describe(self, reference: Reference) -> Description:
        """What its place says of it; raises as a Place does."""
        return self._of(reference.scheme).describe(reference)

    def tokens(self, scheme: str) -> Mapping[str, str]:
        """What shows a host's right to what its place does not give to everybody."""
        return self._of(scheme).tokens()

    def settings(self) -> Mapping[str, str]:
        """Where places are that are not at their usual address, for those who ask them from elsewhere."""
        return {name: self._environment[name] for name in ADDRESSES if self._environment.get(name)}

    def _of(self, scheme: str) -> Place:
        if scheme not in self._made:
            self._made[scheme] = self._make(scheme)
        return self._made[scheme]

    def _make(self, scheme: str) -> Place:
        if scheme == "hf":
            from cynthus.datasets.huggingface import HuggingFace

            return HuggingFace(self._environment)
        if scheme == "kaggle":
            from cynthus.datasets.kaggle import Kaggle

            return Kaggle(self._environment)
        if scheme == "gs":
            from cynthus.datasets.gcs import GoogleStorage

            return GoogleStorage(self._environment)
        from cynthus.datasets.http import WebPlace

        return WebPlace()
