"""Under which conditions a program imports: needed, wished for, or only for a type checker.

- `if TYPE_CHECKING:` is never run, so what it imports is not installed; its `else` is.
- `if sys.version_info >= (3, 11):`, `sys.platform == "win32"` and `os.name == "nt"` are answered for Linux and the
  Python that was chosen, and only the branch that runs counts.
- `try: import x` with `except ImportError:` (or ModuleNotFoundError), as well as `with suppress(ImportError):`,
  `if find_spec("x"):`, `if HAS_X:`, `if x_available():` and `if X:`, say that the program does without x: it is wished
  for. Where the handler raises or exits, x is
  needed. An `except Exception:` or a bare `except:` counts the same way if there is nothing but imports in the `try`.
- What such a handler imports is needed, unless all that the `try` imports is in the standard library or the program's
  own: then the handler never runs (`except ImportError: import tomli as tomllib`).
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Kind = Literal["needed", "optional", "never"]

_MISSING = ("ImportError", "ModuleNotFoundError")
_ANY = ("Exception", "BaseException")
_ABOUT_MODULES = re.compile(r"^(find_spec|_*(has|have)_.*|.*_(available|installed))$", re.IGNORECASE)
_LINUX = {("sys", "platform"): "linux", ("os", "name"): "posix"}


class Import(NamedTuple):
    """One module that is imported, by its dotted name as far as it is a name of a module, and the lines of that."""

    module: str
    first: int
    last: int
    kind: Kind
    unless: tuple[str, ...] = ()
    """Where all of these can be had, it is not imported."""


class _Where(NamedTuple):
    kind: Kind = "needed"
    unless: tuple[str, ...] = ()


def imports(content: bytes, python: tuple[int, int]) -> tuple[Import, ...] | None:
    """All absolute imports of a text; None where the Python that runs us cannot parse it."""
    import warnings

    try:
        with warnings.catch_warnings():
            # A text may hold what a later Python warns of; that is for its author.
            warnings.simplefilter("ignore")
            tree = ast.parse(content)
        return tuple(_Walk(python).statements(tree.body, _Where()))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Walk:
    def __init__(self, python: tuple[int, int]) -> None:
        self._python = python

    def statements(self, body: Sequence[ast.AST], where: _Where) -> Iterator[Import]:
        for statement in body:
            yield from self._statement(statement, where)

    def _statement(self, node: ast.AST, where: _Where) -> Iterator[Import]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _named(node, where)
        elif isinstance(node, ast.If):
            yield from self._if(node, where)
        elif isinstance(node, ast.Try | ast.TryStar):
            yield from self._try(node, where)
        elif isinstance(node, ast.With) and any(_suppresses(item.context_expr) for item in node.items):
            yield from self.statements(node.body, _wished(where))
        elif isinstance(node, ast.stmt | ast.match_case | ast.ExceptHandler):
            # An expression holds no statement.
            inner = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)]
            yield from self.statements(inner, where)

    def _if(self, node: ast.If, where: _Where) -> Iterator[Import]:
        answer = _answer(node.test, self._python)
        wished = _wished(where) if _asks_for_a_module(node) else where
        yield from self.statements(node.body, wished if answer is not False else where._replace(kind="never"))
        yield from self.statements(node.orelse, where if answer is not True else where._replace(kind="never"))

    def _try(self, node: ast.Try | ast.TryStar, where: _Where) -> Iterator[Import]:
        only_imports = all(isinstance(each, ast.Import | ast.ImportFrom) for each in node.body)
        catching = [each for each in node.handlers if _catches(each, only_imports=only_imports)]
        forgiven = bool(catching) and not any(_gives_up(each.body) for each in catching)
        yield from self.statements([*node.body, *node.orelse], _wished(where) if forgiven else where)
        tried = tuple(each.module for each in self.statements(node.body, _Where()))
        for handler in node.handlers:
            inner = where._replace(unless=(*where.unless, *tried)) if handler in catching and tried else where
            yield from self.statements(handler.body, inner)
        yield from self.statements(node.finalbody, where)


def _named(node: ast.Import | ast.ImportFrom, where: _Where) -> Iterator[Import]:
    last = node.end_lineno or node.lineno
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, node.lineno, last, where.kind, where.unless) for alias in node.names)
    elif not node.level and node.module:
        # Of a namespace that packages share, the name behind `import` may be the package.
        for alias in node.names:
            module = node.module if alias.name == "*" else f"{node.module}.{alias.name}"
            yield Import(module, node.lineno, last, where.kind, where.unless)


def _wished(where: _Where) -> _Where:
    return where if where.kind == "never" else where._replace(kind="optional")


def _catches(handler: ast.ExceptHandler, *, only_imports: bool) -> bool:
    if handler.type is None:
        return only_imports
    named = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {_last_word(each) for each in named}
    return bool(names & set(_MISSING)) or (only_imports and bool(names & set(_ANY)))


def _gives_up(body: Sequence[ast.stmt]) -> bool:
    """Whether it ends the program, or hands the error on."""
    last = body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return _last_word(last.value.func) in ("exit", "_exit", "quit", "abort")
    return isinstance(last, ast.Raise)


def _suppresses(expression: ast.expr) -> bool:
    if not isinstance(expression, ast.Call) or _last_word(expression.func) != "suppress":
        return False
    return any(_last_word(each) in _MISSING for each in expression.args)


def _asks_for_a_module(node: ast.If) -> bool:
    """Whether a condition is about what is installed: by its words, or named after what is imported below it."""
    if isinstance(node.test, ast.UnaryOp):
        return False
    words = {_last_word(each) for each in ast.walk(node.test) if isinstance(each, ast.Name | ast.Attribute)}
    if any(_ABOUT_MODULES.search(word) for word in words):
        return True
    imports_below = [child for child in node.body if isinstance(child, ast.Import | ast.ImportFrom)]
    named = [each for child in imports_below for each in _named(child, _Where())]
    return bool(named) and all(each.module.partition(".")[0].upper() in words for each in named)


def _last_word(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _answer(test: ast.expr, python: tuple[int, int]) -> bool | None:
    """What a condition comes to on a machine of ours; None where that is only known there."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _answer(test.operand, python)
        return None if inner is None else not inner
    if _last_word(test) == "TYPE_CHECKING":
        return False
    if isinstance(test, ast.BoolOp):
        return _of_several(test, python)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compared(test, python)
    return None


def _of_several(test: ast.BoolOp, python: tuple[int, int]) -> bool | None:
    answers = [_answer(each, python) for each in test.values]
    decisive = isinstance(test.op, ast.Or)
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def _compared(test: ast.Compare, python: tuple[int, int]) -> bool | None:
    left, operator, right = test.left, test.ops[0], test.comparators[0]
    try:
        value = ast.literal_eval(right)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return None
    if not isinstance(left, ast.Attribute) or not isinstance(left.value, ast.Name):
        return None
    if (left.value.id, left.attr) == ("sys", "version_info") and isinstance(value, tuple):
        return _ordered(operator, python + ((99,) if len(value) > 2 else ()), value)
    here = _LINUX.get((left.value.id, left.attr))
    if here is None or not isinstance(value, str) or not isinstance(operator, ast.Eq | ast.NotEq):
        return None
    return (value == here) == isinstance(operator, ast.Eq)


def _ordered(operator: ast.cmpop, here: tuple[int, ...], there: tuple[object, ...]) -> bool | None:
    if not all(isinstance(each, int) for each in there):
        return None
    numbers = tuple(int(str(each)) for each in there)
    # The tuple of a running Python has more parts, so it is above one of two that begins the same.
    longer = (*here, 0)
    answers = {
        ast.GtE: longer >= numbers, ast.Gt: longer > numbers, ast.Lt: longer < numbers, ast.LtE: longer <= numbers,
    }
    return answers.get(type(operator))
