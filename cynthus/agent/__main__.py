"""`python3 cynthus-agent.pyz VERB --home H --spec SPEC.json ...`: prints one JSON object; exit code 1 with an error."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from cynthus.agent import arguments, verbs
from cynthus.agent.failure import Failure, of_system

if TYPE_CHECKING:
    from collections.abc import Mapping


def main() -> None:
    """Do what the command line asks for, and leave."""
    try:
        said: Mapping[str, object] = verbs.answer(arguments.parse(sys.argv[1:]))
        code = 0
    except Failure as failure:
        said, code = failure.document(), 1
    except OSError as error:
        said, code = of_system(error).document(), 1
    except ValueError as error:
        said = Failure(f"a record cannot be read: {error}", hint="start a new run with `cynthus run`").document()
        code = 1
    except KeyboardInterrupt:
        said, code = Failure("interrupted", hint="the same command goes on where this one stopped").document(), 1
    if code and sys.argv[1:2] == ["exec"]:
        # It is a person at a terminal who reads this, in the place of their command's own words.
        problem = said["error"]
        assert isinstance(problem, dict)  # noqa: S101 - that is what a failure's document holds
        sys.stderr.write(f"{problem['message']}\n  next: {problem['hint']}\n")
        sys.exit(127)
    _say(said)
    sys.exit(code)


def _say(said: Mapping[str, object]) -> None:
    try:
        os.write(1, json.dumps(said).encode() + b"\n")
    except BrokenPipeError:
        return


if __name__ == "__main__":
    main()
