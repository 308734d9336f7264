"""What every verb works with. Assembled in one place (bootstrap); a test assembles its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from cynthus.errors import NotAFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from random import Random

    from cynthus.ansible.client import Ansible
    from cynthus.core.clock import Clock
    from cynthus.core.progress import Progress
    from cynthus.core.reference import Description, Reference
    from cynthus.settings import Settings
    from cynthus.state.index import Index
    from cynthus.storage.base import Bucket
    from cynthus.targets.base import Target
    from cynthus.targets.connection import Connection
    from cynthus.terraform.client import TerraformFactory


class Targets(Protocol):
    """The installed targets, by name."""

    def names(self) -> tuple[str, ...]: ...

    def find(self, name: str) -> Target:
        """Raises: UnknownTarget."""


class Person(Protocol):
    """Whoever can be asked."""

    def confirm(self, question: str, *, consequence: str, default: bool = True) -> bool:
        """The answer; `default` is what Enter means.

        Raises:
            ConfirmationNeeded: nobody is there.
        """

    def password(self, question: str) -> str | None:
        """What is typed without being shown; None where nobody is there."""


class Places(Protocol):
    """Where data and models come from."""

    def describe(self, reference: Reference) -> Description:
        """What there is now.

        Raises:
            ReferenceUnknown, TokenNeeded, DownloadFailed: it is not there, not for us, or nobody can tell.
        """

    def tokens(self, scheme: str) -> Mapping[str, str]:
        """What shows a host's right to what such a place does not give to everybody."""

    def settings(self) -> Mapping[str, str]:
        """Where places are that are not at their usual address."""


class Tools(Struct, frozen=True):
    """The outside world, behind the protocols of the rooms."""

    settings: Settings
    index: Index
    targets: Targets
    terraform: TerraformFactory
    ansible: Ansible
    clock: Clock
    random: Random
    progress: Progress
    person: Person
    places: Places
    here: Connection
    """This machine, for what lies at home."""
    build_agent: Callable[[], bytes]
    """Gives the host agent's program."""
    open_bucket: Callable[[str], tuple[Bucket, str]]
    """Gives the bucket at an address as `bucket:` has it, and the prefix in it.

    Raises:
        BucketFailed, ExtraMissing, NotLoggedIn: it cannot be opened.
    """

    @property
    def cwd_folder(self) -> Path:
        """The folder that commands mean when none is named."""
        from pathlib import Path

        try:
            return Path.cwd()
        except FileNotFoundError:
            raise NotAFolder("the folder you are in is gone", hint="go to another one, or name one") from None
