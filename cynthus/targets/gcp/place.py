"""Where in Google Cloud: the cloud project, the zone, and the machine there."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cynthus.core.names import BACKEND
from cynthus.core.suggest import did_you_mean
from cynthus.errors import ExtraMissing, NotLoggedIn, PlacementRefused
from cynthus.render.documents import read_document
from cynthus.render.folder import TFVARS
from cynthus.targets.gcp.choice import Place, choose, choose_in, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cynthus.core.resources import Resources
    from cynthus.core.spec import AppSpec
    from cynthus.targets.gcp.catalog import Catalog
    from cynthus.targets.gcp.choice import Choice

PROJECT_VARIABLES = ("GOOGLE_CLOUD_PROJECT", "GOOGLE_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")
ZONE_VARIABLES = ("GOOGLE_ZONE", "CLOUDSDK_COMPUTE_ZONE")
"""As the google provider and gcloud read them."""

BASE = "base"
"""The root of what lasts, beside the one of the machines."""
STATE = "terraform.tfstate"
MACHINE = "google_compute_instance"

_SAY = "write `gcp: {project: ...}` in cynthus.yaml, or set GOOGLE_CLOUD_PROJECT"


def cloud_project(spec: AppSpec | None, environment: Mapping[str, str], root: Path) -> str:
    """The id of the cloud project: by the spec, else where the deployment is, else by the environment.

    Raises:
        NotLoggedIn: nobody says which.
        ExtraMissing: it would be looked for in credentials, and the extra `gcp` is not installed.
    """
    if spec is not None and spec.gcp is not None and spec.gcp.project is not None:
        return spec.gcp.project
    # What stands stays where it is, whoever looks.
    return rendered(root, "project") or _said(environment, PROJECT_VARIABLES) or _of_credentials()


def settled(spec: AppSpec, environment: Mapping[str, str], root: Path, catalog: Catalog) -> tuple[str, Choice]:
    """The zone, and the machine there. The zone is said in the same order; one that is not the spec's own counts only
    in the spec's region. Where only a region is said, it is the first zone there that has the machine.

    Raises:
        PlacementRefused: there is no such machine, or nobody says where.
    """
    wanted = _near_what_lasts(_as_it_stands(spec.resources, root, catalog), root, catalog)
    said = wanted.zone or rendered(root, "zone") or _said(environment, ZONE_VARIABLES)
    if wanted.region is None or wanted.zone:
        if not said:
            raise _nowhere(wanted, catalog)
        return said, choose_in(wanted, catalog, said)
    choice = choose(wanted, catalog, Place(_known(wanted.region, catalog)))
    if said and region_of(said) == wanted.region and choice.machine.may_be_in(said):
        return said, choose_in(wanted, catalog, said)
    zones = choice.machine.zones(wanted.region) or [f"{wanted.region}-{each}" for each in catalog.zones[wanted.region]]
    if not zones:
        raise PlacementRefused(
            f"which zones {wanted.region} has is not known here", hint="write one, e.g. `resources: {zone: ...}`"
        )
    return zones[0], choose_in(wanted, catalog, zones[0])


def _as_it_stands(wanted: Resources, root: Path, catalog: Catalog) -> Resources:
    """Of several GPUs, the one that the machine has which stands: nobody wants another in its place."""
    if len(wanted.gpu) < 2 or not is_made(root, MACHINE):
        return wanted
    values = rendered_values(root)
    added = values.get("accelerator")
    model = added.get("type") if isinstance(added, dict) else None
    has = {
        (each.gpu, each.gpus)
        for each in catalog.machines
        if each.gpu and each.type == values.get("machine_type") and each.gpus == values.get("gpus")
        and (not each.attached or catalog.gpus[each.gpu].type == model)
    }  # fmt: skip
    stands = tuple(each for each in wanted.gpu if (name_of(each), each.count) in has)
    return replace(wanted, gpu=stands[:1]) if stands else wanted


def _near_what_lasts(wanted: Resources, root: Path, catalog: Catalog) -> Resources:
    """A machine that had to go to another region is gone: the next one begins again where the buckets are, if there is
    such a machine there."""
    home, zone = home_region(root), rendered(root, "zone")
    if wanted.region or wanted.zone or is_made(root, MACHINE) or not (home and zone) or region_of(zone) == home:
        return wanted
    try:
        choose(wanted, catalog, Place(home))
    except PlacementRefused:
        return wanted
    return replace(wanted, region=home)


def home_region(root: Path) -> str | None:
    """Where buckets and images of the deployment lie that are there already; None where there are none."""
    base = root.parent / BASE
    return rendered(base, "region") if is_made(base) else None


def is_made(root: Path, what: str = "") -> bool:
    """Whether something stands of what a root makes: something of these kinds, for an apply that was refused leaves
    others. Where its state is not this machine's, or is encrypted, nobody can tell, and it is taken for made."""
    if rendered_bucket(root):
        return True
    state = _document(root / STATE)
    listed = state.get("resources")
    if not isinstance(listed, list):
        return bool(state)
    return any(isinstance(each, dict) and what in str(each.get("type")) for each in listed)


def _known(region: str, catalog: Catalog) -> str:
    if region not in catalog.zones:
        near = did_you_mean(region, catalog.zones) or f"there are {', '.join(catalog.zones)}"
        raise PlacementRefused(f"`region: {region}`: Google Cloud has no such region", hint=near)
    return region


def _nowhere(wanted: Resources, catalog: Catalog) -> PlacementRefused:
    """Where the machine costs least is no secret, but data goes nowhere unasked."""
    found = choose(wanted, catalog)
    price = f" for ${found.price:.2f} an hour" if found.price is not None else ""
    return PlacementRefused(
        "nobody says in which region or zone the machine is to be",
        hint="write e.g. `resources: {region: us-central1}` or `{zone: us-central1-a}`; the cheapest that fits is "
        f"{found.machine.type} in {found.region}{price}",
    )


def region_of(zone: str) -> str:
    """The region that a zone is in."""
    return zone.rpartition("-")[0]


def rendered(root: Path, name: str) -> str | None:
    """A value of the root's terraform.tfvars.json, as it was written last; None where there is none."""
    found = rendered_values(root).get(name)
    return found if isinstance(found, str) else None


def rendered_bucket(root: Path) -> str:
    """The bucket that the root's state lies in; '' where it lies in none."""
    return str(_document(root / BACKEND).get("bucket") or "")


def rendered_values(root: Path) -> Mapping[str, object]:
    """All values of that file; none where there is none that can be read."""
    return _document(root / TFVARS)


def _document(file: Path) -> Mapping[str, object]:
    try:
        return read_document(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}


def _said(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)


def _of_credentials() -> str:
    try:
        import google.auth
        from google.auth.exceptions import GoogleAuthError
    except ModuleNotFoundError:
        raise ExtraMissing(
            "`target: gcp` needs a package that is not installed: google-auth",
            hint="run `pip install 'cynthus[gcp]'` in the environment of Cynthus",
        ) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            credentials, project = google.auth.default()
            # That which pays for a user's own requests is the one that they work in.
            project = project or getattr(credentials, "quota_project_id", None)
    except (GoogleAuthError, OSError, ValueError):
        project = None
    if not project:
        raise NotLoggedIn("nobody says which cloud project of Google's is meant", hint=_SAY)
    return str(project)
