"""What the user asks for: cynthus.yaml as a value. docs/reference/spec.md and the JSON schema are made from it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, field

from cynthus.core.cpus import Cpus as Cpus
from cynthus.core.duration import Duration as Duration
from cynthus.core.entries import DataEntry as DataEntry
from cynthus.core.entries import ModelEntry as ModelEntry
from cynthus.core.entries import each_at_its_own_place, each_called_otherwise
from cynthus.core.fields import (
    AptPackage,
    Argument,
    BucketAddress,
    Cuda,
    Dockerfile,
    Name,
    PythonVersion,
    Registry,
    Requirements,
    Run,
    Source,
    Variable,
    Writable,
)
from cynthus.core.fields import Image as ImageName
from cynthus.core.gcp import Gcp as Gcp
from cynthus.core.gcp import both_or_neither
from cynthus.core.gpu import Gpu as Gpu
from cynthus.core.misfit import Misfit, quoted, refuse
from cynthus.core.paths import overlap
from cynthus.core.ports import Ports
from cynthus.core.preprocess import PLACE as PREPARED
from cynthus.core.preprocess import Preprocess as Preprocess
from cynthus.core.resources import Limits as Limits
from cynthus.core.resources import Resources as Resources
from cynthus.core.retry import Retry as Retry
from cynthus.core.section import Rule
from cynthus.core.section import Section as Section
from cynthus.core.size import Size as Size
from cynthus.core.ssh import Ssh as Ssh
from cynthus.errors import KeysExclude

if TYPE_CHECKING:
    from collections.abc import Mapping


class Image(Section, frozen=True, kw_only=True):
    """What the app's environment is built on."""

    python: Annotated[
        PythonVersion | None,
        Meta(
            description="The version of Python. By default what .python-version, pyproject.toml or environment.yml ask "
            "for, else that of the machine, or of the base image."
        ),
    ] = None
    base: Annotated[
        ImageName | None,
        Meta(
            description="With `runtime: container`: the image to build on. By default the official slim Python image."
        ),
    ] = None
    cuda: Annotated[
        Cuda,
        Meta(
            description="With `runtime: container` and a GPU: build on NVIDIA's image with this CUDA, or on none of "
            "them. `auto`: where a package needs CUDA of the system's, in a version that it and the driver know."
        ),
    ] = "auto"
    apt: Annotated[
        tuple[AptPackage, ...],
        Meta(
            description="With `runtime: container`: packages of Debian's or Ubuntu's, which the base is a system of, "
            "such as ffmpeg."
        ),
    ] = ()
    dockerfile: Annotated[
        Dockerfile,
        Meta(
            description="With `runtime: container`: your own Dockerfile, which then makes the whole environment, or "
            "`none`. `auto`: Dockerfile beside the program, else in the folder, if there is one."
        ),
    ] = "auto"
    registry: Annotated[
        Registry | None,
        Meta(
            description="With `runtime: container`: where images are kept, as `HOST[/PATH]`: "
            "`europe-docker.pkg.dev/project/repo`, `ghcr.io/owner`. One that is there is fetched and not built; one "
            "that is not is built and put there. By default they stay on the host."
        ),
    ] = None


    @classmethod
    def check(cls, key: str, value: Any, before: Mapping[str, Any]) -> None:
        """See that one base is named and not two."""
        if key == "cuda" and value not in ("auto", "none") and before.get("base"):
            raise Misfit(
                f"{quoted(before['base'])} is the base already", hint="delete `base:` or `cuda:`", kind=KeysExclude
            )


class AppSpec(Section, frozen=True, kw_only=True):
    """An app and how it is run. Every key may be left out; in cynthus.yaml also `name`."""

    name: Annotated[Name, Meta(description="What the app is called. By default the folder's name, made to fit.")]
    target: Annotated[
        str,
        Meta(
            description="Where it runs: `local` is this machine, `ssh` are machines of yours that have an SSH port, "
            "`gcp` is Google Cloud, where machines are made and removed."
        ),
    ] = "local"
    ssh: Annotated[Ssh | None, Meta(description="With `target: ssh`: the machines, and how to get in.")] = None
    gcp: Annotated[
        Gcp | None,
        Meta(description="With `target: gcp`: whose cloud project, and how to get in."),
        Rule(after=both_or_neither),
    ] = None
    source: Annotated[
        Source,
        Meta(
            description="The folder of the program. `auto`: `src/` where that holds it, else the folder itself. What "
            ".gitignore and .dockerignore name stays out, and so do data, weights and archives over 1 GB."
        ),
    ] = "auto"
    run: Annotated[Run, Meta(description="The command, as a list. It starts in a copy of the source folder.")] = (
        "python",
        "main.py",
    )
    runtime: Annotated[
        Literal["auto", "container", "venv"],
        Meta(
            description="`venv` is an isolated Python environment, `container` needs Docker. "
            "`auto`: a container where an engine answers."
        ),
    ] = "auto"
    requirements: Annotated[
        Requirements,
        Meta(
            description="The file that lists the Python packages to install, or `none`. "
            "`auto`: requirements.txt beside the program or in the folder, else uv.lock, pyproject.toml or "
            "environment.yml there, else what the program imports."
        ),
    ] = "auto"
    engine: Annotated[
        Literal["none", "ray"],
        Meta(
            description="`ray` makes the machines one Ray cluster: main.py runs once, on the first, and `ray.init()` "
            "connects it. The requirements must name ray. By default main.py runs on each machine."
        ),
    ] = "none"
    image: Annotated[Image, Meta(description="What the environment is built on.")] = Image()
    data: Annotated[
        tuple[DataEntry, ...] | None,
        Rule(after=each_at_its_own_place),
        Meta(description="Folders and files that the app reads, below `./data`. By default `data/` where it exists."),
    ] = None
    preprocess: Annotated[
        Preprocess | None,
        Meta(
            description="A Python file, `prep.py` say, or a command, that makes `./prepared` of `./data` before "
            "main.py begins. It runs once for each content of the data; its result stays on the host. By default none."
        ),
    ] = None
    models: Annotated[
        tuple[ModelEntry, ...],
        Rule(after=each_called_otherwise),
        Meta(
            description='Models that the app uses, at `./models/NAME`; `from_pretrained("owner/name")` finds those of '
            "Hugging Face."
        ),
    ] = ()
    outputs: Annotated[Writable, Meta(description="The folder that the app writes results to; they come home.")] = (
        "outputs"
    )
    checkpoints: Annotated[
        Writable, Meta(description="The folder for what a later run goes on from. It is kept from run to run.")
    ] = "checkpoints"
    bucket: Annotated[
        BucketAddress | None,
        Meta(
            description="Where the host itself saves log, checkpoints and outputs while a run goes on: "
            "`gs://bucket` or `gs://bucket/folder` of Google, from a machine of Google's; or `file:///srv/results`, a "
            "folder of the host that is there already, a mounted share say. By default nowhere."
        ),
    ] = None
    ports: Annotated[
        Ports,
        Meta(
            description="Ports on which main.py listens: `cynthus forward` brings them to your machine, and nobody "
            "else reaches them through Cynthus."
        ),
    ] = ()
    resources: Annotated[Resources, Meta(description="What the machine must have.")] = Resources()
    limits: Annotated[Limits, Meta(description="When a run is ended.")] = Limits()
    retry: Annotated[
        Retry, Meta(description="When a run goes on by itself on another machine, as long as somebody follows it.")
    ] = Retry()
    env: Annotated[
        dict[Variable, Argument],
        Meta(description="Environment variables for the app. Not for secrets: many read this file."),
    ] = field(default_factory=dict)
    secrets: Annotated[
        tuple[Variable, ...],
        Meta(description="Names of variables whose values come from your environment or keyring when a run starts."),
    ] = ()

    @classmethod
    def check(cls, key: str, value: Any, before: Mapping[str, Any]) -> None:
        """See that nothing has the place or the name of something else."""
        if key in ("outputs", "checkpoints"):
            _in_a_folder_of_its_own(value, before)
        elif key == "secrets":
            _once_and_not_in_env(value, before.get("env", {}))


def _in_a_folder_of_its_own(path: str, before: Mapping[str, Any]) -> None:
    others = {key: before[key] for key in ("source", "outputs") if key in before}
    if overlap(path, others.get("outputs", "/")) or path == others.get("source"):
        other = "source" if path == others.get("source") else "outputs"
        raise Misfit(
            f"{quoted(path)} is already in use by `{other}`", hint="name a folder of its own", kind=KeysExclude
        )
    if before.get("models") and overlap(path, "models"):
        raise Misfit(f"{quoted(path)} is where the models are", hint="name a folder of its own", kind=KeysExclude)
    if before.get("preprocess") and overlap(path, PREPARED):
        hint = "name a folder of its own"
        raise Misfit(f"{quoted(path)} is where `preprocess` puts its result", hint=hint, kind=KeysExclude)
    if path in [entry.path for entry in before.get("data") or ()]:
        raise Misfit(f"{quoted(path)} is also under `data:`", hint="name a folder of its own", kind=KeysExclude)


def _once_and_not_in_env(names: tuple[str, ...], env: Mapping[str, str]) -> None:
    wrong = []
    count = Counter(names)
    for index, name in enumerate(names):
        if name in env:
            hint = "delete it under `env:`, so that its value is in no file"
            wrong.append(Misfit(f"{name} is also under `env:`", hint=hint, kind=KeysExclude, at=(index,)))
        elif count[name] > 1 and name in names[:index]:
            wrong.append(Misfit(f"{name} stands here twice", hint="delete one", kind=KeysExclude, at=(index,)))
    refuse(wrong)
