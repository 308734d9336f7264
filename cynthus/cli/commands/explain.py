"""`cynthus explain`"""

from __future__ import annotations

import inspect

import click

from cynthus.cli import documents, options
from cynthus.cli.app import App, pass_app
from cynthus.core.suggest import did_you_mean
from cynthus.errors import CynthusError, UnknownCode, every_error


@click.command(epilog=options.examples("cynthus explain CYN-120", "cynthus explain"))
@options.code
@options.as_json
@pass_app
def command(app: App, code: str | None, *, as_json: bool) -> None:
    """Tell what an error code means and what to do; without a code, list them all."""
    known = {kind.code: kind for kind in every_error()}
    chosen = sorted(known.values(), key=lambda kind: kind.code) if code is None else [_find(code, known)]
    if as_json:
        listed = [{"code": kind.code, "exit_code": kind.exit_code, "text": _text(kind)} for kind in chosen]
        app.console.document(documents.document("explain", errors=listed))
    elif code is None:
        app.console.table(("CODE", "EXIT", "MEANING"), [_row(kind) for kind in chosen])
    else:
        text = click.wrap_text(_text(chosen[0]), width=app.console.width, preserve_paragraphs=True)
        app.console.result(f"{chosen[0].code} (exit code {chosen[0].exit_code})\n\n{text}")


def _find(code: str, known: dict[str, type[CynthusError]]) -> type[CynthusError]:
    wanted = code.upper()
    wanted = wanted if wanted.startswith("CYN-") else f"CYN-{wanted}"
    if wanted not in known:
        hint = did_you_mean(wanted, known) or "`cynthus explain` lists them"
        raise UnknownCode(f"there is no error {code!r}", hint=hint)
    return known[wanted]


def _text(kind: type[CynthusError]) -> str:
    return inspect.cleandoc(kind.__doc__ or "")


def _row(kind: type[CynthusError]) -> tuple[str, str, str]:
    return kind.code, str(kind.exit_code), _text(kind).splitlines()[0]
