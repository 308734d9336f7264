"""The requirements of a conda environment, as far as PyPI has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cynthus.images.found import Found, Place, canonical, text_of, unreadable

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("environment.yml", "environment.yaml")

ON_PYPI = {
    "boruta_py": "boruta", "dask-core": "dask", "docker-py": "docker", "flask_cors": "flask-cors", "h2o-py": "h2o",
    "matplotlib-base": "matplotlib", "msg-extractor": "extract-msg", "msgpack-python": "msgpack",
    "neo4j-python-driver": "neo4j", "nvidia-ml": "nvidia-ml-py", "opencv": "opencv-python-headless",
    "ortools-python": "ortools", "pvlib-python": "pvlib", "py-opencv": "opencv-python-headless",
    "pysoundfile": "soundfile", "pytables": "tables", "python-annoy": "annoy",
    "python-confluent-kafka": "confluent-kafka", "python-fastjsonschema": "fastjsonschema",
    "python-flatbuffers": "flatbuffers", "python-graphviz": "graphviz", "python-hdfs": "hdfs",
    "python-kaleido": "kaleido", "python-kubernetes": "kubernetes", "python-mss": "mss",
    "python-sounddevice": "sounddevice", "python-symengine": "symengine", "python-xxhash": "xxhash",
    "pytorch": "torch", "pytorch_geometric": "torch-geometric", "redis-py": "redis",
    "trino-python-client": "trino",
}  # fmt: skip
"""Names on conda-forge that differ from those on PyPI, by the table of conda's own grayskull, read on 2026-11-28
(py-opencv is conda-forge's Python half of opencv)."""

NOT_ON_PYPI = re.compile(
    r"_.*|lib.*|r-.*|m2w?64-.*|.*[-_](?:linux|osx|win)-(?:64|aarch64|arm64|ppc64le)|pytorch-(?:cuda|mutex)|cudatoolkit|cudnn"
    r"|cuda(?:-.*)?|nccl|mkl|mkl-service|blas|openblas|openmp|llvm-openmp|intel-openmp|compilers|c-compiler"
    r"|cxx-compiler|gcc|gxx|make|git|ffmpeg|nodejs|openjdk|openssl|zlib|xz|bzip2|sqlite|readline|tk|ncurses"
    r"|ca-certificates|r-base|bash|wget|curl|graphviz|imagemagick|openmpi|mpich|hdf5|python_abi"
)
"""Programs and libraries of systems. Some of these names are taken on PyPI by something else."""

_SPEC = re.compile(r"(?:(?P<channel>[\w./:-]+)::)?(?P<name>[A-Za-z0-9_][\w.-]*)\s*(?P<version>.*)")
_PLAIN = re.compile(r"[0-9][\w.!+-]*")
_OPERATOR = re.compile(r"(==|!=|<=|>=|~=|<|>)\s*([0-9][\w.*!+-]*)")


class Environment(NamedTuple):
    """`python` is what the file wants of Python as a specifier; None where it does not say."""

    found: Found
    python: str | None


def read(file: Path, place: Place) -> Environment:
    """What an environment.yml asks for.

    Raises:
        RequirementsUnreadable: it cannot be read, or is no environment.
    """
    lines, warnings, python = list[str](), list[str](), None
    for entry in _entries(file):
        if isinstance(entry, dict):
            lines += [_of_pip(line, place) for line in entry.get("pip") or ()]
            continue
        name, version = _split(file, str(entry))
        if name == "python":
            python = _specifier(version) if version else None
        elif name == "pip":
            continue
        elif NOT_ON_PYPI.fullmatch(name):
            warnings.append(f"{file.name}: {name} is not on PyPI, and is left out")
        else:
            line, problem = _requirement(name, version)
            lines.append(line)
            warnings += [f"{file.name}: {entry}: {problem}"] if problem else []
    return Environment(Found(file.name, tuple(dict.fromkeys(lines)), tuple(warnings)), python)


def _entries(file: Path) -> list[Any]:
    import yaml

    try:
        document = yaml.load(text_of(file), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe
    except (yaml.YAMLError, RecursionError) as error:
        raise unreadable(file, f"it is no YAML: {str(error).splitlines()[0]}") from None
    listed = document.get("dependencies") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise unreadable(file, "it has no list `dependencies:`")
    return listed


def _of_pip(line: object, place: Place) -> str:
    """A line for pip; one that names a file by a path names it from elsewhere now."""
    text = str(line).strip()
    option = re.match(r"(-e|--editable|-r|--requirement|-c|--constraint)[\s=]+(\.{0,2}[\w./-]+)$", text)
    if option:
        return f"{option[1]} {place.path(option[2])}"
    return place.path(text) if text == "." or text.startswith(("./", "../")) else text


def _split(file: Path, entry: str) -> tuple[str, str]:
    found = _SPEC.fullmatch(entry.split(" #")[0].strip())
    if found is None:
        raise unreadable(file, f"{entry!r} is no package")
    return found["name"].lower(), found["version"].strip()


def _requirement(name: str, version: str) -> tuple[str, str]:
    """The line, and what is wrong with its version; such a one is left out."""
    package = ON_PYPI.get(name, canonical(name))
    try:
        return f"{package}{_specifier(version)}", ""
    except ValueError:
        return package, f"the version {version!r} has no form on PyPI, so any will do"


def _specifier(version: str) -> str:
    """conda's `=1.2` means any 1.2, `==1.2` that one; a build behind it has no meaning on PyPI.

    Raises:
        ValueError: it has no counterpart.
    """
    version = re.sub(r"\s*,\s*", ",", version.strip())
    if version in ("", "*"):
        return ""
    if "|" in version:
        raise ValueError(version)
    exact = re.fullmatch(r"=?([^\s=<>!~,]+)(?:[=\s]+[^\s=<>!~,*]+)", version)
    if exact and _PLAIN.fullmatch(exact[1]):
        return f"=={exact[1]}"
    return ",".join(_one(part) for part in version.split(","))


def _one(part: str) -> str:
    operator = _OPERATOR.fullmatch(part)
    if operator:
        return f"{operator[1]}{operator[2]}"
    plain = part.removeprefix("=").removesuffix(".*").removesuffix("*").strip()
    if _PLAIN.fullmatch(plain) is None:
        raise ValueError(part)
    return f"=={plain}.*" if part.startswith("=") or part.endswith("*") else f"=={plain}"
