"""The patterns of gitignore(5) as regular expressions. Bytes, as git does it: `?` is one byte."""

from __future__ import annotations

import re

_CLASSES = {
    b"alnum": rb"0-9A-Za-z", b"alpha": rb"A-Za-z", b"blank": rb" \t", b"cntrl": rb"\x00-\x1f\x7f", b"digit": rb"0-9",
    b"graph": rb"\x21-\x7e", b"lower": rb"a-z", b"print": rb"\x20-\x7e",
    b"punct": rb"!-/:-@\[-`{-~", b"space": rb" \t\n\r\f\v", b"upper": rb"A-Z", b"xdigit": rb"0-9A-Fa-f",
}


def translate(pattern: bytes) -> re.Pattern[bytes] | None:
    """The expression that a whole path must match, or None for a pattern that matches nothing (a `[` without end)."""
    translator = _Translator(pattern)
    try:
        return re.compile(translator.expression(), re.DOTALL)
    except _NeverMatches:
        return None


class _NeverMatches(Exception):
    pass


class _Translator:
    def __init__(self, pattern: bytes) -> None:
        self._pattern = pattern
        self._at = 0

    def expression(self) -> bytes:
        parts = []
        while self._at < len(self._pattern):
            parts.append(self._next())
        return b"".join(parts)

    def _next(self) -> bytes:
        letter = self._take()
        if letter == b"*":
            return self._stars()
        if letter == b"?":
            return rb"[^/]"
        if letter == b"[":
            return self._bracket()
        return re.escape(self._escaped() if letter == b"\\" else letter)

    def _take(self) -> bytes:
        if self._at >= len(self._pattern):
            raise _NeverMatches
        self._at += 1
        return self._pattern[self._at - 1 : self._at]

    def _escaped(self) -> bytes:
        return self._take()

    def _stars(self) -> bytes:
        start = self._at - 1
        while self._pattern[self._at : self._at + 1] == b"*":
            self._at += 1
        before, rest = self._pattern[:start], self._pattern[self._at :]
        # git compares what comes before the first wildcard by itself, and so takes that for a beginning too.
        begins = before.endswith(b"/") or not any(letter in before for letter in b"*?[\\")
        if self._at - start < 2 or not begins or not (rest == b"" or rest.startswith(b"/")):
            return rb"[^/]*"
        if not rest:
            return rb".*"
        self._at += 1
        return rb"(?:.*/)?"

    def _bracket(self) -> bytes:
        negated = self._pattern[self._at : self._at + 1] in (b"!", b"^")
        self._at += negated
        members, first = [], True
        while (letter := self._take()) != b"]" or first:
            members.append(self._member(letter))
            first = False
        inner = b"".join(members)
        if negated:
            return b"[^/" + inner + b"]"
        # No bracket matches a slash, whatever it holds.
        return b"(?!/)[" + inner + b"]" if inner else b"(?!)"

    def _member(self, letter: bytes) -> bytes:
        if letter == b"[" and self._pattern[self._at : self._at + 1] == b":":
            return self._class()
        low = self._escaped() if letter == b"\\" else letter
        follows = self._pattern[self._at : self._at + 2]
        if follows[:1] != b"-" or follows[1:] in (b"]", b""):
            return _hex(low)
        self._at += 1
        high = self._take()
        if high == b"\\":
            high = self._escaped()
        # A range that runs backwards holds nothing.
        return _hex(low) + b"-" + _hex(high) if low <= high else b""

    def _class(self) -> bytes:
        end = self._pattern.find(b":]", self._at + 1)
        name = self._pattern[self._at + 1 : end]
        if end < 0 or name not in _CLASSES:
            raise _NeverMatches
        self._at = end + 2
        return _CLASSES[name]


def _hex(letter: bytes) -> bytes:
    return b"\\x%02x" % letter[0]
