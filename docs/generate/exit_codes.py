"""docs/reference/exit-codes.md."""

from __future__ import annotations

from docs.generate.errors import ours
from docs.generate.markdown import table

MEANINGS = {
    0: "done",
    1: "failed",
    2: "the command line, cynthus.yaml or the folder is wrong; nothing was touched",
    3: "main.py failed, whatever its own code: that is printed, and in the JSON",
    4: "somebody else is at work in this folder",
    5: "the run was cancelled",
    130: "interrupted; the message says what exists and how to go on",
}

HEAD = "# Exit codes\n\n"

TAIL = """
`cynthus logs -f` ends as the run did: 0, 3 or 5, and 1 if it was lost. Ctrl-C on a terminal asks: detach gives 0,
stop 5. Without a terminal nothing is asked, and it is 130.

`cynthus forward` ends as the run did, too, when that ends. Ctrl-C on a terminal is how it is meant to end: 0.

`cynthus exec` ends with the exit code of the command that it ran.

Two commands answer a question, and speak Terraform's table instead: `plan --detailed-exitcode` and `render --check`
give 0 for "the same", 2 for "it differs" and 1 for every error, also one in cynthus.yaml.

`down` where there is nothing to remove gives 0.
"""


def page() -> str:
    """Every exit code, with the errors that lead to it."""
    rows = [(str(code), says, _codes(code)) for code, says in MEANINGS.items()]
    return HEAD + table(("code", "meaning", "errors"), rows) + TAIL


def _codes(exit_code: int) -> str:
    codes = sorted({kind.code for kind in ours() if kind.exit_code == exit_code})
    return ", ".join(f"[{code}](errors.md)" for code in codes) if len(codes) < 6 else f"{codes[0]} to {codes[-1]}"
