"""What stands under `data:` and `models:`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta, field

from cynthus.core.fields import Address, EntryName, ModelAddress, Pattern, Sum
from cynthus.core.misfit import Misfit, flow, quoted, refuse
from cynthus.core.section import Section
from cynthus.errors import KeysExclude

if TYPE_CHECKING:
    from collections.abc import Mapping


_GOES_WITH = {
    "files": ("hf://", "gs://"), "sha256": ("https://", "http://"), "unpack": ("https://", "gs://", "http://"),
}  # fmt: skip
"""Keys by the addresses that they make sense for. (Plain HTTP is for this machine alone, and told to nobody.)"""
_ONE_GENERATION = re.compile(r"gs://.*#[0-9]+")


class DataEntry(Section, frozen=True, kw_only=True):
    """One folder or file of data. Its contents are `./data` for the app; with a name, `./data/NAME`."""

    short: ClassVar[str] = "from"

    path: Annotated[
        Address,
        Meta(
            description="A folder or file of this machine, relative to the folder of cynthus.yaml or absolute; or "
            "what the host fetches itself: `hf://datasets/owner/name@revision/path/*` of Hugging Face, "
            "`kaggle://owner/name@version` or `kaggle://competitions/name` of Kaggle, `gs://bucket/folder` or one "
            "object of Google Cloud Storage, or a file behind `https://...`."
        ),
    ] = field(name="from")
    name: Annotated[
        EntryName | None,
        Meta(description="The data lies at `./data/NAME`. Needed as soon as there are several entries."),
    ] = field(default=None, name="as")
    mode: Annotated[
        Literal["auto", "copy", "mount"],
        Meta(
            description="`mount` reads the data where it lies, `copy` copies it beside the app first. "
            "`auto` mounts what is on the same machine. What lies elsewhere is always copied."
        ),
    ] = "auto"
    files: Annotated[
        tuple[Pattern, ...],
        Meta(
            description="Of a repository or bucket: patterns of the files that are wanted, `data/*.parquet` say. By "
            "default all."
        ),
    ] = ()
    sha256: Annotated[
        Sum | None,
        Meta(description="Of an `https://` file: its SHA-256. Another content is refused."),
    ] = None
    unpack: Annotated[
        bool | None,
        Meta(
            description="Of an `https://` file or an object of `gs://`: whether it is an archive to unpack. By default "
            "if its name says so."
        ),
    ] = None

    @property
    def elsewhere(self) -> bool:
        """Whether it is no path, but something that a host fetches."""
        return "://" in self.path

    @classmethod
    def check(cls, key: str, value: Any, before: Mapping[str, Any]) -> None:
        """See that a key fits what is named."""
        path = before.get("path", "")
        _insist_on_place(key, value, path)
        if key == "mode" and value == "mount" and "://" in path:
            raise Misfit("what lies elsewhere cannot be mounted", hint="delete `mode`", kind=KeysExclude)


def _insist_on_place(key: str, value: Any, path: str) -> None:
    """See that what is named knows what a key says.

    Raises:
        Misfit: it does not.
    """
    schemes = _GOES_WITH.get(key, ())
    if schemes and value not in (None, ()) and not path.startswith(schemes):
        named = " and ".join(each for each in schemes if each != "http://")
        raise Misfit(f"`{key}` goes with {named} only", hint="delete it", kind=KeysExclude)
    if key == "files" and value and _ONE_GENERATION.fullmatch(path):
        raise Misfit("a generation is of one object, and `files` are many", hint="delete one", kind=KeysExclude)


def each_at_its_own_place(entries: tuple[DataEntry, ...]) -> tuple[DataEntry, ...]:
    """The entries, if each has a name of its own, or there is one.

    Raises:
        Misfit: they do not.
    """
    wrong = []
    for index, entry in enumerate(entries):
        if entry.name is None and len(entries) > 1:
            name = _name_for(entry) or f"data{index + 1}"
            hint = f"write {{from: {flow(entry.path)}, as: {flow(name)}}}"
            wrong.append(Misfit("several data entries need a name each", hint=hint, kind=KeysExclude, at=(index,)))
        elif entry.name in [other.name for other in entries[:index]]:
            message = f"the name {quoted(str(entry.name))} is taken by an earlier entry"
            at = (index, "as")
            wrong.append(Misfit(message, hint="give each entry its own `as:`", kind=KeysExclude, at=at))
    refuse(wrong)
    return entries


def _name_for(entry: DataEntry) -> str:
    if not entry.elsewhere:
        return entry.path.strip("./").rpartition("/")[2]
    from cynthus.core import reference

    return reference.parse(entry.path).short


class ModelEntry(Section, frozen=True, kw_only=True):
    """One model. It lies at `./models/NAME` for the app."""

    short: ClassVar[str] = "from"

    path: Annotated[
        ModelAddress,
        Meta(
            description="What the host fetches: `hf://owner/name@revision` of Hugging Face, "
            "`kaggle://models/owner/name/framework/variation@version` of Kaggle, or `gs://bucket/folder` of "
            "Google Cloud Storage."
        ),
    ] = field(name="from")
    name: Annotated[
        EntryName | None, Meta(description="The model lies at `./models/NAME`. By default its own name.")
    ] = field(default=None, name="as")
    files: Annotated[
        tuple[Pattern, ...], Meta(description="Patterns of the files that are wanted. By default all.")
    ] = ()

    @classmethod
    def check(cls, key: str, value: Any, before: Mapping[str, Any]) -> None:
        """See that a key fits what is named."""
        _insist_on_place(key, value, before.get("path", ""))

    @property
    def called(self) -> str:
        """Its name below `./models`."""
        from cynthus.core import reference

        return self.name or reference.parse(self.path).short


def each_called_otherwise(entries: tuple[ModelEntry, ...]) -> tuple[ModelEntry, ...]:
    """The models, if no two have one name.

    Raises:
        Misfit: some have.
    """
    wrong = []
    for index, entry in enumerate(entries):
        if entry.called in [other.called for other in entries[:index]]:
            message = f"the name {quoted(entry.called)} is taken by an earlier model"
            hint = "give each model its own `as:`"
            wrong.append(Misfit(message, hint=hint, kind=KeysExclude, at=(index,)))
    refuse(wrong)
    return entries
