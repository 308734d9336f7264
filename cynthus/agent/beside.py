"""Requirements that are built beside the others, in an image: what imports torch while it is built, say.

pip builds each package apart from what is installed, and takes no option against that in a list. So the list is
installed without those packages first, and then whole, with what is built finding what is there.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST = "/tmp/first"  # noqa: S108 - of a build, which nobody else is in
_PROGRAM = (
    "import pathlib, re, sys; "
    "place, first, late, tools = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), *map(str.split, sys.argv[3:]); "
    'named = lambda line: re.sub("[-_.]+", "-", re.match("[A-Za-z0-9._-]*", line.lstrip())[0]).lower(); '
    'kept = lambda found: "" if named(found[0]) in late else found[0]; '
    'options = re.compile("--?(i|f|(extra-)?index-url|find-links|no-index|trusted-host|prefer-binary)(?![A-Za-z-])"); '
    'line = re.compile("(?:[" + chr(92) * 2 + "]" + chr(10) + "|[^" + chr(10) + "])+"); '
    'texts = {first / each.relative_to(place): each.read_text() for each in place.rglob("*") if each.is_file()}; '
    "asked = [each for text in texts.values() for each in line.findall(text) if options.match(each.lstrip())]; "
    "[each.parent.mkdir(parents=True, exist_ok=True) for each in (first / each for each in texts)]; "
    "[each.write_text(line.sub(kept, text)) for each, text in texts.items()]; "
    '(first / "tools.txt").write_text(chr(10).join([*asked, *tools, ""]))'
)
"""Copies all files below a folder without the packages `late`, and lists `tools` with the options about indices."""


def words(pip: str, place: str, file: str, late: Sequence[str], tools: Sequence[str]) -> str:
    """The words of a shell that install the list `file`, which lies with all that it includes below `place`, by the
    command `pip`. `tools` come before all else, also where the distribution has some that pip cannot replace."""
    if not tools and not late:
        return f"{pip} -r {shlex.quote(file)}"
    steps = [f"rm -rf {_FIRST}", shlex.join(["python", "-c", _PROGRAM, place, _FIRST, " ".join(late), " ".join(tools)])]
    steps += [f"{pip} --ignore-installed -r {_FIRST}/tools.txt"] if tools else []
    steps += [f"{pip} -r {shlex.quote(_FIRST + file.removeprefix(place))}"] if late else []
    steps += [f"rm -r {_FIRST}", f"{pip}{' --no-build-isolation' if late else ''} -r {shlex.quote(file)}"]
    return " && ".join(steps)
