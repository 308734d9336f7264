"""Data and models that lie elsewhere, as cynthus.yaml names them."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from cynthus.core.misfit import Misfit, quoted
from cynthus.errors import DataNotSupported

Scheme = Literal["hf", "kaggle", "gs", "https"]
Kind = Literal["dataset", "model", "competition", "objects", "file"]

_KAGGLE_KINDS: dict[str, Kind] = {"datasets": "dataset", "competitions": "competition", "models": "model"}
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
"""Files that are unpacked unless somebody says no, by how their names end."""

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LONG_REVISION = re.compile(r"@(refs/(?:convert|pr)/[^/]+)")
"""A revision of a Hugging Face repository that has slashes of its own."""
_VERSION = re.compile("[1-9][0-9]{0,8}")
FRAMEWORKS = (
    "tensorFlow1", "tensorFlow2", "tfLite", "tfJs", "pyTorch", "jax", "flax", "pax", "maxText", "gemmaCpp", "ggml",
    "gguf", "coral", "scikitLearn", "mxnet", "onnx", "keras", "transformers", "api", "other", "tensorRtLlm", "triton",
    "vllm",
)  # fmt: skip
"""What Kaggle's models are for, as it spells them."""
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_GENERATION = re.compile(r"(.+)#([1-9][0-9]{0,19})", re.DOTALL)
_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|::1")

_EXAMPLES = {
    "hf": "hf://datasets/owner/name@revision",
    "kaggle": "kaggle://owner/name@version, kaggle://competitions/name or kaggle://models/owner/name/framework/variation",
    "gs": "gs://bucket/folder, gs://bucket/folder/*.csv or gs://bucket/file",
    "https": "https://example.org/data.zip",
}


class Reference(Struct, frozen=True):
    """Something that lies elsewhere. `name` is what the place calls it, of a single file its whole address."""

    scheme: Scheme
    kind: Kind
    name: str
    revision: str | None = None
    files: tuple[str, ...] = ()
    """Patterns of the files that are wanted; none means all."""
    text: str = ""
    """As it was written."""

    def __str__(self) -> str:
        return self.text

    @property
    def short(self) -> str:
        """A name for it that a folder can have. The last step of a model of Kaggle is its variation."""
        name = self.name.split("/")[1] if self.scheme == "kaggle" and self.kind == "model" else self.name.rstrip("/")
        return re.sub(r"[^A-Za-z0-9._-]+", "-", _last(name)).lstrip("._-")[:63] or "data"

    @property
    def fixed(self) -> bool:
        """Whether its content can never be another one."""
        if self.scheme in ("kaggle", "gs"):
            return self.revision is not None
        return self.scheme == "hf" and _COMMIT.fullmatch(self.revision or "") is not None

    @property
    def is_archive(self) -> bool:
        """Whether it is one file that others are packed in, going by its name (which a folder may have)."""
        return self.kind in ("file", "objects") and not self.files and _last(self.name).lower().endswith(ARCHIVES)


def has_scheme(text: str) -> bool:
    """Whether a text names something elsewhere, and no path."""
    return SCHEME.match(text) is not None


def parse(text: str) -> Reference:
    """The reference that a text with a scheme is.

    Raises:
        Misfit: it makes no sense, or this version does not read from there.
    """
    match = SCHEME.match(text)
    scheme = match[1].lower() if match else ""
    # Names in a bucket are not written as those of the web are.
    if match is None or not text.isprintable() or (" " in text and scheme != "gs"):
        raise Misfit(f"{quoted(text)} is no address", hint=f"write e.g. {_EXAMPLES['https']}")
    if scheme == "hf":
        return _hugging_face(text, text[match.end() :])
    if scheme == "kaggle":
        return _kaggle(text, text[match.end() :])
    if scheme == "gs":
        return _bucket(text, text[match.end() :])
    if scheme in ("https", "http"):
        return _file(text, scheme)
    raise Misfit(
        f"this version reads data from paths, hf://, kaggle://, gs:// and https://, not from {quoted(text)}",
        hint="bring it to one of them, or download it and name its path",
        kind=DataNotSupported,
    )


def _hugging_face(text: str, rest: str) -> Reference:
    long = _LONG_REVISION.search(rest)
    words = (rest.replace(long[0], "", 1) if long else rest).rstrip("/").split("/")
    kind: Kind = "model"
    if words[0] in ("datasets", "models"):
        kind = "dataset" if words.pop(0) == "datasets" else "model"
    if len(words) < 2:
        raise _no_address(text, "hf")
    name, at, written = words[1].partition("@")
    revision = long[1] if long else unquote(written) if at else None
    _expect(text, "hf", [words[0], name], revision)
    pattern = "/".join(words[2:])
    return Reference("hf", kind, f"{words[0]}/{name}", revision, _files_of(pattern), text)


def _files_of(pattern: str) -> tuple[str, ...]:
    """A folder means all that is below it."""
    if not pattern:
        return ()
    return (pattern,) if "*" in pattern or "." in _last(pattern) else (f"{pattern}/*",)


def _kaggle(text: str, rest: str) -> Reference:
    path, at, version = rest.rstrip("/").partition("@")
    words = path.split("/")
    kind: Kind = _KAGGLE_KINDS.get(words[0], "dataset")
    if words[0] in _KAGGLE_KINDS:
        words = words[1:]
    if kind == "model" and len(words) == 5 and not at:
        # So Kaggle writes it.
        at, version = "@", words.pop()
    if len(words) != {"competition": 1, "model": 4}.get(kind, 2):
        raise _no_address(text, "kaggle")
    if at and (_VERSION.fullmatch(version) is None or kind == "competition"):
        raise _no_address(text, "kaggle")
    _expect(text, "kaggle", words, None)
    if kind == "model":
        words[2] = _framework(words[2])
    return Reference("kaggle", kind, "/".join(words), version or None, (), text)


def _framework(word: str) -> str:
    known = {each.lower(): each for each in FRAMEWORKS}
    found = known.get(re.sub("[_-]", "", word.lower()))
    if found is None:
        raise Misfit(f"{quoted(word)} is no framework of Kaggle's models", hint=f"write one of {', '.join(FRAMEWORKS)}")
    return found


def _bucket(text: str, rest: str) -> Reference:
    """A folder, or one object; which of both a name means that ends with no slash, only Google knows."""
    single = _GENERATION.fullmatch(rest)
    path, generation = (single[1], single[2]) if single else (rest, None)
    head, star, _ = path.partition("*")
    pattern = path[head.rfind("/") + 1 :] if star else ""
    name = path.removesuffix(pattern)
    steps = name.removesuffix("/").split("/")
    fits = _BUCKET.fullmatch(steps[0]) and not any(each in ("", ".", "..") for each in steps)
    if not fits or (generation and (pattern or len(steps) < 2 or name.endswith("/"))):
        raise _no_address(text, "gs")
    # All of a bucket is a folder in any case.
    name = steps[0] if len(steps) == 1 else name
    return Reference("gs", "objects", name, generation, (pattern,) if pattern else (), text)


def _file(text: str, scheme: str) -> Reference:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _no_address(text, "https") from None
    if parts.username is not None or parts.password is not None:
        hint = "this file is read by many: put what is private at a place that needs no password, or bring it yourself"
        raise Misfit("the address holds a user's name or a password", hint=hint)
    if scheme == "http" and _LOOPBACK.fullmatch(host) is None:
        hint = f"write https://{text.partition('://')[2]}"
        raise Misfit(f"{quoted(text)} would come over a line that anybody can change", hint=hint)
    if not host or not _last(unquote(parts.path)) or not text.isascii():
        raise Misfit(f"{quoted(text)} names no file", hint=f"write e.g. {_EXAMPLES['https']}")
    return Reference("https", "file", text.partition("#")[0], None, (), text)


def _expect(text: str, scheme: str, words: list[str], revision: str | None) -> None:
    fits = all(_WORD.fullmatch(word) and ".." not in word for word in words)
    if not fits or (revision is not None and (_REVISION.fullmatch(revision) is None or ".." in revision)):
        raise _no_address(text, scheme)


def _no_address(text: str, scheme: str) -> Misfit:
    places = {"hf": "Hugging Face", "kaggle": "Kaggle", "gs": "Google Cloud Storage"}
    return Misfit(f"{quoted(text)} names nothing on {places.get(scheme, 'the web')}", hint=f"write {_EXAMPLES[scheme]}")


def _last(path: str) -> str:
    return urlsplit(path).path.rpartition("/")[2] if SCHEME.match(path) else path.rpartition("/")[2]


class Description(Struct, frozen=True):
    """What a place says of a reference. `pin` stands for its content as it is now, '' where nobody can tell; a size or
    number of files that is not known is None, a licence that is not known ''."""

    reference: Reference
    pin: str
    size: int | None = None
    count: int | None = None
    licence: str = ""
    closed: bool = False
    """Whether only those may have it who show who they are."""
