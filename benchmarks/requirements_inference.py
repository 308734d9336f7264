"""What is inferred from the imports of real packages, against what they declare and import; pipreqs and pigar beside.

The packages are the sdists in sdists.json, fixed by version and hash, from the index that pip is set up with. Of each:

- The program is the package's own folder, as it is in the sdist, without tests; every tool looks at the same copy.
- Declared is each `Requires-Dist` of PKG-INFO. The truth are those that are declared without an extra, hold on this
  machine by their markers, and are imported somewhere in the folder, but under `if TYPE_CHECKING:`. Which modules a
  declared package brings is read from its newest wheel, not from our table.
- A package that a tool predicts is right if it is in the truth. It is passed over, for every tool alike, where there
  is no truth: PKG-INFO declares it for an extra or another system; a declared package declares it in turn (what comes
  along need not be declared); or nobody declares it, it does bring a module that the program imports, and that not only
  in a `try:` whose handler goes on without. It is wrong otherwise: a wrong name, the standard library, the package
  itself, what only a type checker imports, what the program shows that it does without.
- The strict figures pass over nothing but what PKG-INFO declares: an import that nobody declares is wrong there.
- Packages that bring the same module count as one (opencv-python, opencv-python-headless). Which modules a package
  brings that nobody declares is read from pigar's database.

pipreqs asks PyPI's JSON pages, which an index need not have: it gets a stand-in on loopback that has a page for each
name in pigar's database of all packages. pigar asks its database and the index.
"""

from __future__ import annotations

import ast
import html
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import threading
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from email.parser import HeaderParser
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from benchmarks.measure import verdict
from cynthus.images.found import canonical
from cynthus.images.imports import Program, infer
from cynthus.images.names import table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

LIMIT = 0.05
"""What precision and recall may lack of 1."""
PEERS = ("pipreqs==0.5.0", "pigar==2.2.0")
CACHE = Path(tempfile.gettempdir()) / "cynthus-benchmark-sdists"


@dataclass(frozen=True)
class Sdist:
    """One package: the folder with its program, all that it declares, and what of that it needs and imports.

    `beyond` is what those need in turn, `plain` the modules that are imported outside of `except ImportError`.
    """

    name: str
    folder: Path
    declared: frozenset[str]
    truth: frozenset[str]
    beyond: frozenset[str]
    plain: frozenset[str]

    def passed_over(self, modules: Mapping[str, Collection[str]], predicted: Collection[str]) -> frozenset[str]:
        """What of a prediction there is no truth about."""
        undeclared = {each for each in predicted if any(module in self.plain for module in modules.get(each, ()))}
        return self.declared | self.beyond | undeclared


@dataclass(frozen=True)
class Score:
    """What became of the predictions for one package, or for all."""

    right: frozenset[str]
    wrong: frozenset[str]
    missed: frozenset[str]


def judge(predicted: Collection[str], truth: Collection[str], declared: Collection[str]) -> Score:
    """Compare, packages that bring the same module taken as one."""
    said, true, known = (frozenset(map(same, each)) for each in (predicted, truth, declared))
    return Score(said & true, said - true - known, true - said)


def same(package: str) -> str:
    """The name that stands for all packages that bring the same module."""
    name = canonical(package)
    return next((packages[0] for packages in table().values() if len(packages) > 1 and name in packages), name)


def ratios(scores: Collection[Score]) -> tuple[float, float]:
    """Precision and recall over all packages together."""
    right, wrong, missed = (sum(len(getattr(each, key)) for each in scores) for key in ("right", "wrong", "missed"))
    return right / max(1, right + wrong), right / max(1, right + missed)


def ours(folder: Path) -> frozenset[str]:
    """What Cynthus would install."""
    files = tuple(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()))
    found = infer(Program(folder, folder, files, None, sys.version_info[:2]))
    return frozenset(named(found.lines))


def named(lines: Collection[str]) -> Iterator[str]:
    """The packages that lines of requirements name."""
    for line in lines:
        match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)
        if match:
            yield canonical(match[0])


def peer(name: str, *words: str) -> Callable[[Path], frozenset[str]]:
    """A peer's command, with the folder at its end."""

    def ask(folder: Path) -> frozenset[str]:
        argv = [str(CACHE / name / "bin" / name), *words, str(folder)]
        answer = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=CACHE, check=False)
        if answer.returncode:
            print(f"  {name} fails on {folder.name}: {(answer.stderr or answer.stdout).strip().splitlines()[-1:]}")
        return frozenset(named([line for line in answer.stdout.splitlines() if re.fullmatch(r"[\w.-]+\s*", line)]))

    return ask


def index() -> str:
    """The index that pip is set up with."""
    from pip._internal.models.index import PyPI

    argv = (sys.executable, "-m", "pip", "config", "get", "global.index-url")
    told = subprocess.run(argv, capture_output=True, check=False)
    return os.environ.get("PIP_INDEX_URL") or told.stdout.decode().strip() or PyPI.simple_url


def fetch(name: str, version: str, digest: str) -> Path:
    """An sdist, from the cache or the index, which has what it had when the list was made."""
    kept = CACHE / f"{name}-{version}.tar.gz"
    if not kept.exists():
        page = f"{index().rstrip('/')}/{name}/"
        with urllib.request.urlopen(page, timeout=60) as answer:
            links = re.findall(r'href="([^"]+)"', answer.read().decode())
        link = next(each for each in links if f"sha256={digest}" in each)
        with urllib.request.urlopen(urllib.parse.urljoin(page, html.unescape(link)), timeout=300) as answer:
            kept.write_bytes(answer.read())
    assert sha256(kept.read_bytes()).hexdigest() == digest, kept
    return kept


def unpack(archive: Path, into: Path, parts: Collection[str]) -> tuple[Path, Path]:
    """The folder of its program, copied to a place of its own without tests, and its PKG-INFO."""
    with tarfile.open(archive) as tar:
        tar.extractall(into, filter="data")
    root = next(path for path in into.iterdir() if path.is_dir())
    program = into / "program"
    program.mkdir()
    for part in parts:
        place = next(each for each in (root / "src" / part, root / part) if each.is_dir())
        shutil.copytree(place, program / part, ignore=shutil.ignore_patterns("tests", "test"))
    return program, root / "PKG-INFO"


def declared_in(info: Path) -> list[Requirement]:
    """What a package declares."""
    headers = HeaderParser().parsestr(info.read_text(encoding="utf-8"))
    return [Requirement(line) for line in headers.get_all("Requires-Dist") or ()]


def imported(folder: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The dotted names that Python files below a folder import, but for a type checker; and the top-level ones of those
    that are imported somewhere outside of `try: ... except ImportError`."""
    found = set[tuple[str, bool]]()
    for file in folder.rglob("*.py"):
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError):
            continue
        found |= set(_imports(tree, tried=False))
    names = frozenset(name for name, _ in found)
    return names, frozenset(name.partition(".")[0] for name, tried in found if not tried)


def _imports(node: ast.AST, *, tried: bool) -> Iterator[tuple[str, bool]]:
    """Each name, and whether the program is prepared for its not being there."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, tried) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
        yield from ((f"{node.module}.{alias.name}", tried) for alias in node.names)
    catching = isinstance(node, ast.Try) and any(_goes_on_without(each) for each in node.handlers)
    checking = isinstance(node, ast.If) and "TYPE_CHECKING" in (getattr(node.test, key, "") for key in ("id", "attr"))
    for child in node.orelse if checking and isinstance(node, ast.If) else ast.iter_child_nodes(node):
        # An expression holds no statement.
        if not isinstance(child, ast.expr):
            inside = catching and isinstance(node, ast.Try) and child in node.body
            yield from _imports(child, tried=tried or inside)


def _goes_on_without(handler: ast.ExceptHandler) -> bool:
    """Whether it catches that a module is missing, and neither raises nor exits."""
    catches = handler.type is None or re.search("ImportError|ModuleNotFound|Exception", ast.unparse(handler.type))
    return bool(catches) and not re.search(r"^(raise\b|(sys\.)?exit\()", ast.unparse(handler.body[-1]))


def modules_of(place: Path) -> dict[str, frozenset[str]]:
    """The modules that each installed package brings, dotted where several share a folder."""
    found: dict[str, frozenset[str]] = {}
    for distribution in metadata.distributions(path=[str(place)]):
        files = [path for path in distribution.files or () if path.suffix in (".py", ".so", ".pyi")]
        packages = {path.parent.as_posix() for path in files if path.name in ("__init__.py", "__init__.pyi")}
        modules = {_module(path.as_posix(), packages) for path in files}
        found[canonical(distribution.metadata["Name"])] = frozenset(modules)
    return found


def _module(path: str, packages: Collection[str]) -> str:
    parts = path.split("/")
    ways = ("/".join(parts[:end]) for end in range(1, len(parts)))
    return next((way for way in ways if way in packages), path.split(".")[0]).replace("/", ".")


def install(names: Collection[str]) -> Path:
    """The newest wheels of all that is declared, without what they need in turn."""
    place = CACHE / "declared"
    missing = sorted(set(names) - set(modules_of(place)))
    for name in missing:
        argv = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", place, name)
        if subprocess.run(argv, capture_output=True, check=False).returncode:
            print(f"  {name} cannot be installed here: what it brings is not known, so it is in no truth")
    return place


def load() -> list[Sdist]:
    """All packages, ready to be looked at."""
    listed = json.loads(Path(__file__).with_name("sdists.json").read_text())["sdists"]
    prepared = []
    for each in listed:
        into = CACHE / f"{each['name']}-{each['version']}"
        shutil.rmtree(into, ignore_errors=True)
        archive = fetch(each["name"], each["version"], each["sha256"])
        prepared.append((each["name"], *unpack(archive, into, each["program"])))
    wanted = {name: declared_in(info) for name, _, info in prepared}
    here = {name: [each for each in found if _holds(each)] for name, found in wanted.items()}
    place = install({canonical(each.name) for found in here.values() for each in found})
    brings, needed_by = modules_of(place), needs_of(place)
    sdists = []
    for name, folder, _ in prepared:
        names, plain = imported(folder)
        needed = {canonical(each.name) for each in here[name]}
        truth = {package for package in needed if _is_imported(brings.get(package, frozenset()), names)}
        declared = {canonical(each.name) for each in wanted[name]}
        beyond = {other for package in needed for other in needed_by.get(package, ())}
        sdists.append(Sdist(name, folder, frozenset(declared), frozenset(truth), frozenset(beyond), plain))
    return sdists


def needs_of(place: Path) -> dict[str, frozenset[str]]:
    """What each installed package declares without an extra."""
    return {
        canonical(each.metadata["Name"]): frozenset(
            canonical(found.name) for found in map(Requirement, each.requires or ()) if _holds(found)
        )
        for each in metadata.distributions(path=[str(place)])
    }


def _holds(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _is_imported(modules: Collection[str], names: Collection[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules for name in names)


_TEXTS = (
    "author", "author_email", "maintainer", "maintainer_email", "home_page", "license", "summary", "description",
    "bugtrack_url", "docs_url", "package_url",
)  # fmt: skip


class _Names(BaseHTTPRequestHandler):
    """A page for each package that there is."""

    known: frozenset[str] = frozenset()

    def do_GET(self) -> None:
        name = self.path.strip("/").partition("/")[0]
        there = canonical(name) in self.known
        info = {"name": name, "version": "0", "classifiers": [], **dict.fromkeys(_TEXTS, "")}
        body = json.dumps({"info": info, "releases": {"0": []}}).encode()
        self.send_response(200 if there else 404)
        self.end_headers()
        self.wfile.write(body if there else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


def every_module() -> dict[str, set[str]]:
    """The top-level modules of every package, by pigar's database."""
    (file,) = CACHE.glob("pigar/lib/python*/site-packages/pigar/.db.sqlite3")
    query = "select d.name, m.name from distributions d join top_level_module_names m on m.distribution_id = d.id"
    found: dict[str, set[str]] = {}
    with closing(sqlite3.connect(file)) as database:
        for package, module in database.execute(query):
            found.setdefault(canonical(package), set()).add(module.partition(".")[0])
    return found


def stand_in(names: Collection[str]) -> str:
    """The address of those pages."""
    _Names.known = frozenset(names)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Names)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}/"


def install_peers() -> None:
    """Each in an environment of its own."""
    for each in PEERS:
        place = CACHE / each.partition("=")[0]
        if not (place / "bin/python").exists():
            subprocess.run((sys.executable, "-m", "venv", place), check=True)
            subprocess.run((place / "bin/python", "-m", "pip", "install", "-q", each), check=True)


def peers(names: Collection[str]) -> dict[str, Callable[[Path], frozenset[str]]]:
    """How each is asked. `names` are all packages that there are."""
    pigar = ("generate", "--dry-run", "--auto-select", "--question-answer", "yes", "-c", "-", "-i", index())
    return {
        "pipreqs": peer("pipreqs", "--print", "--mode", "no-pin", "--pypi-server", stand_in(names)),
        "pigar": peer("pigar", *pigar),
    }


def main() -> None:
    CACHE.mkdir(exist_ok=True)
    install_peers()
    modules, sdists = every_module(), load()
    found: dict[str, tuple[float, float]] = {}
    for tool, ask in {"cynthus": ours, **peers(modules)}.items():
        with ThreadPoolExecutor(4) as pool:
            answers = pool.map(ask, [each.folder for each in sdists])
            told = {each.name: answer for each, answer in zip(sdists, answers, strict=True)}
        scores = {
            each.name: judge(told[each.name], each.truth, each.passed_over(modules, told[each.name])) for each in sdists
        }
        strict = ratios([judge(told[each.name], each.truth, each.declared) for each in sdists])
        found[tool] = ratios(list(scores.values()))
        print(f"{tool}: precision {found[tool][0]:.3f} (strict: {strict[0]:.3f}), recall {found[tool][1]:.3f}")
        for name, score in scores.items():
            if score.wrong or score.missed:
                wrong, missed = (", ".join(sorted(each)) or "-" for each in (score.wrong, score.missed))
                print(f"  {name:<20} wrong: {wrong}; missed: {missed}")
    print(f"{len(sdists)} packages, {sum(len(each.truth) for each in sdists)} requirements")
    for at, what in enumerate(("precision", "recall")):
        best = max(found[name][at] for name in found if name != "cynthus")
        verdict(f"{what}: what it lacks of 1", 1 - found["cynthus"][at], LIMIT, "")
        verdict(f"{what}: that of the better peer less ours", best - found["cynthus"][at], 0.0, "")


if __name__ == "__main__":
    main()
