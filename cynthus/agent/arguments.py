"""The agent's command line: a verb and `--name value` pairs. Small, because each start of the agent reads it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cynthus.agent.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPTIONS = frozenset([
    "home", "spec", "folder", "run", "attempt", "rank", "addresses", "archive", "reason", "elsewhere",
    "login", "store",
    # of a node of a cluster
    "port", "gpus", "inside", "patience",
    # of preparing data
    "kept", "phase", "places", "words",
    # of bringing things to a host from elsewhere
    "at", "ahead", "deployment", "host", "kit", "program", "python", "ssh",
])


class Arguments(NamedTuple):
    """`rest` is what follows `--`."""

    verb: str
    options: dict[str, str]
    rest: tuple[str, ...] = ()

    def need(self, name: str) -> str:
        """Raises: Failure, where the option was not given."""
        if name not in self.options:
            raise Failure(f"{self.verb} needs --{name}", hint=f"python3 cynthus-agent.pyz {self.verb} --{name} ...")
        return self.options[name]

    def number(self, name: str) -> int | None:
        """The option's number, None where it was not given. Raises: Failure, where it is none."""
        text = self.options.get(name)
        if text is not None and not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Failure(f"--{name} is {text!r}, not a number", hint=f"write e.g. --{name} 1")
        return None if text is None else int(text)


def parse(words: Sequence[str]) -> Arguments:
    """Raises: Failure, for a word that means nothing."""
    verb, *others = words or ("help",)
    options: dict[str, str] = {}
    while others:
        word = others.pop(0)
        if word == "--":
            return Arguments(verb, options, tuple(others))
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or name not in _OPTIONS or (not equals and not others):
            raise Failure(f"{word!r} means nothing here", hint="options are: --" + ", --".join(sorted(_OPTIONS)))
        options[name] = value if equals else others.pop(0)
    return Arguments(verb, options)
