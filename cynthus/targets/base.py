"""What a target is: where a deployment can live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from cynthus.core.bill import Machine
    from cynthus.core.deployment import Host
    from cynthus.core.finding import Finding
    from cynthus.core.kept import Kept
    from cynthus.core.leftover import Leftover, Leftovers, Removal, Sweep
    from cynthus.core.lifespan import Lifespan, WhyGone
    from cynthus.core.placement import Instead, Placement
    from cynthus.core.plan import Offer
    from cynthus.core.refusal import Refusal
    from cynthus.core.renewal import Renewal
    from cynthus.core.spec import AppSpec
    from cynthus.core.supply import Supply
    from cynthus.targets.connection import Connection
    from cynthus.targets.preflight import Preflight


class Target(Protocol):
    """A kind of place. Found by name through the entry-point group `cynthus.targets`, made with the Settings."""

    name: str
    roots: tuple[str, ...]
    """The Terraform roots, in the order in which they are applied; the last one outputs `hosts`."""
    installs: bool
    """Whether hosts are made ready by installing something on them."""
    makes: bool
    """Whether the hosts are made for the deployment, and cost by the hour as long as they stand."""
    stage: str | None
    """The module whose `stage` plays the place for `up --simulate`; None where there is nothing to rehearse."""

    def place(self, spec: AppSpec, root: Path) -> Placement:
        """Decide where the app will live. `root` is the folder of what was, or will be, rendered for it.

        Raises:
            PlacementRefused, RuntimeUnavailable, PythonMissing: the target does not have what the spec asks for.
        """

    def named(self, spec: AppSpec) -> Sequence[Host]:
        """The hosts, where the spec itself names them; none where they are made.

        Raises:
            PlacementRefused: it should name some, and does not.
        """

    def equipped(self, spec: AppSpec, deployment: str, placement: Placement) -> AppSpec:
        """The spec with what the target brings where it says nothing: a bucket, a registry of images."""

    def inputs(self, deployment: str) -> str | None:
        """The bucket by way of which local data comes to the hosts; None where it goes to them directly."""

    def keep_secrets(self, deployment: str, root: Path, values: Mapping[str, str]) -> Kept | None:
        """Have the cloud keep these secrets, for the machines to read; None where they go to the hosts directly.
        `root` is the rendered folder of the root that holds the hosts.

        Raises:
            CloudFailed, NotLoggedIn: it does not keep them.
        """

    def offer(self, spec: AppSpec, placement: Placement) -> Offer:
        """What that would cost."""

    def variables(self, deployment: str, spec: AppSpec, placement: Placement, root: str) -> Mapping[str, object]:
        """The values for the root's terraform.tfvars.json."""

    def backend(self, deployment: str, spec: AppSpec, root: str) -> Mapping[str, object] | None:
        """Where the root's state lies, as its backend wants it; None for a file of this machine."""

    def insist_on_state(self, root: Path) -> None:
        """See that there is an answer where the root's state lies: Terraform would go on asking for as long as there is
        none.

        Raises:
            CloudFailed, NotLoggedIn: there is none, or a refusal.
        """

    def runtime_variables(
        self, spec: AppSpec, placement: Placement, root: str, now: datetime
    ) -> Mapping[str, object]:
        """The values of a root that are known only when it is made, for a file of variables beside the rendered one;
        none where there are none.

        Raises:
            FolderNotWritable, UsageError: something that they need cannot be made.
        """

    def connect(self, host: Host, root: Path) -> Connection:
        """A way to one of this target's hosts. `root` is the rendered folder that made them."""

    def open_to(self, deployment: str, spec: AppSpec, root: Path) -> str:
        """Have hosts that stand let in who comes from where the spec says now; gives that where it was another place
        before, else ''. `root` is the rendered folder of the root that holds the hosts.

        Raises:
            CloudFailed, NotLoggedIn: it cannot be changed.
        """

    def entered(self, hosts: Sequence[Host], root: Path, *, as_root: bool) -> Sequence[Host]:
        """The hosts as a play is told of them, `as_root` where it has to become that: with the user's own name where
        each has one there.

        Raises:
            HostUnreachable: the user may not log in there.
            NotPermitted: the user may not become root there.
        """

    def console(self, host: Host) -> tuple[str, ...]:
        """The last lines that a host wrote to its console; none where nobody can tell."""

    def understood(self, said: str, root: Path) -> Refusal | None:
        """What the place means by a refusal that Terraform has passed on in its own words; None where nobody knows
        better. `root` is the rendered folder that Terraform was at work in."""

    def instead(self, spec: AppSpec, tried: Sequence[Placement], said: str) -> Instead | None:
        """Where else of what was offered the machines may be had, after what Terraform has passed on of the refusal of
        the last place that was tried; None where another place would not help."""

    def existing(
        self, deployment: str, root: str, values: Mapping[str, object], known: Collection[str]
    ) -> Mapping[str, str]:
        """What stands of a root and is the deployment's own, but for the `known` addresses of Terraform: by its address
        there, with the id by which it is imported. `values` are the root's of terraform.tfvars.json.

        Raises:
            ProjectUnfit: nothing can be made there.
            NotPermitted: whoever asks may not look.
            CloudFailed, NotLoggedIn: nobody can tell.
        """

    def remove_unknown(
        self, deployment: str, root: str, values: Mapping[str, object], known: Collection[str]
    ) -> tuple[str, ...]:
        """Remove what `existing` would find, each before what it needs; gives the names.

        Raises:
            CloudFailed, NotLoggedIn: nobody can tell, or they do not go.
        """

    def stays(self, deployment: str, root: Path) -> tuple[str, ...]:
        """What there is of a deployment without a host, and what it costs by the month, a line each. `root` is the
        rendered folder of the root that lives longest."""

    def gone(self, hosts: Sequence[Host], *, entirely: bool = False) -> frozenset[str]:
        """The names of those that do not exist any more, or are about to end; `entirely`: not even that. None where
        nobody can tell."""

    def why_gone(self, host: Host) -> WhyGone:
        """Why a machine that is gone is so, as the cloud remembers it; '' where nobody can tell, or it stands."""

    def lifespan(self, machine: Machine) -> Lifespan:
        """For how long a machine was there, or is, as the cloud tells it; nothing where nobody can tell."""

    def empty(self, deployment: str, root: Path, activity: Callable[[str], None]) -> None:
        """Delete what Terraform would not delete with what it made in a root: what lies in buckets.

        Raises:
            BucketFailed, NotLoggedIn: it cannot be deleted.
        """

    def leftovers(self, sweep: Sweep, spec: AppSpec | None, root: Path) -> Leftovers:
        """What has our mark there and is claimed by no record, or whose time is up. `spec` and `root`, those of the
        folder that it is asked in, say where to look if the sweep does not.

        Raises:
            NotLoggedIn, ExtraMissing: nobody knows who asks, or where.
            CloudFailed: nothing can be looked at; so may each step through them.
        """

    def remove_leftovers(self, going: Iterable[Leftover], sweep: Sweep) -> Iterator[Removal]:
        """Remove these, in this order. What is gone already is done; what cannot go is told, and the others go on."""

    def asking(self, hosts: Sequence[Host], root: Path) -> tuple[str, ...]:
        """Which of these hosts let the user become root only with a password, as a person knows them.

        Raises:
            HostUnreachable: one of them does not answer.
        """

    def supply(self) -> Supply | None:
        """What can be had there, and for how much; None where nothing is sold.

        Raises:
            CatalogBroken, StateTooNew: nobody can tell.
        """

    def renew(self, day: date, project: str, *, keep: bool) -> Renewal | None:
        """Ask anew what can be had there, and for how much, on that day; `keep` it for all that follows. None where
        nothing is sold. `project`: the cloud project that asks, '' for the usual one.

        Raises:
            NotLoggedIn, ExtraMissing: nobody knows who asks, or in which cloud project.
            CloudFailed: it is not told, or not wholly; nothing was kept.
            StateTooNew: what was kept before is of a newer Cynthus.
        """

    def check(self, spec: AppSpec | None, root: Path) -> Sequence[Finding]:
        """What `cynthus doctor` says about this target."""

    def preflight(self, spec: AppSpec, placement: Placement, roots: Collection[str]) -> Preflight | None:
        """What can be asked before these roots are made; None where nothing is made."""
