"""What OpenTofu 1.12.6 said, word for word, and what we make of it: for machines that do not have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.errors import CynthusError, TerraformFailed, TerraformTooOld
from cynthus.terraform.diagnosis import explain, needs_init, plain_lines

if TYPE_CHECKING:
    from pathlib import Path

ROOT = "THE-ROOT"

NOT_IN_THE_MIRROR = """\
Error: Failed to query available provider packages

Could not retrieve the list of available versions for provider example/cloud:
provider registry.opentofu.org/example/cloud was not found in any of the
search locations

  - /path/to/empty
"""
OUT_OF_REACH = """\
Error: Failed to resolve provider packages

Could not resolve provider example/cloud: could not connect to
registry.opentofu.org: failed to request discovery document: Get
"https://registry.opentofu.org/.well-known/terraform.json": proxyconnect tcp:
dial tcp 127.0.0.1:9: connect: connection refused
"""
NEWER_FORMAT = """\
\x1b[31m╷\x1b[0m\x1b[0m
\x1b[31m│\x1b[0m \x1b[0m\x1b[1m\x1b[31mError: \x1b[0m\x1b[0m\x1b[1mError refreshing the state\x1b[0m
\x1b[31m│\x1b[0m \x1b[0m
\x1b[31m│\x1b[0m \x1b[0m\x1b[0mFailed to load state: Unsupported state file format: The state file uses
\x1b[31m│\x1b[0m \x1b[0mformat version 99, which is not supported by OpenTofu 1.12.6. This state
\x1b[31m│\x1b[0m \x1b[0mfile was created by OpenTofu 99.1.0.
\x1b[31m╵\x1b[0m\x1b[0m
"""
TO_MOVE = """\
Error: Can't ask approval for state migration when interactive input is disabled.

If non-interactive operation is desired, consider adding the "-force-copy"
option. Otherwise, please remove the "-input=false" option and try again.
"""
MOVED = """\
Error: Backend configuration changed

A change in the backend configuration has been detected, which may require
migrating existing state.
"""
NO_KEY = """\
Error: Error acquiring the state lock

Error message: failed to write backup file: Unsupported state file format:
This state file is encrypted and can not be read without an encryption
configuration

OpenTofu acquires a state lock to protect the state from being written
by multiple users at the same time. Please resolve the issue above and try
again. For most commands, you can disable locking with the "-lock=false"
flag, but this is not recommended.
"""
ANOTHER_KEY = """\
Error: Error refreshing the state

Failed to load state: decryption failed for all provided methods
attempted decryption failed for state: decryption failed: cipher: message
authentication failed
"""
OF_TERRAFORM = """\
Error: Unsupported state file format

The state file does not have a "version" attribute, which is required to
identify the format version.
"""

NOT_TO_BE_HAD = f"tofu init in {ROOT} cannot get the provider example/cloud"
NEWER = f"the state in {ROOT} was written by OpenTofu 99.1.0, which is newer than the one at hand"
ELSEWHERE = f"the state of {ROOT} is to lie elsewhere than it does"
SEALED = f"the state in {ROOT} is encrypted, and tofu cannot read it"

CASES: list[tuple[str, type[CynthusError], str, str]] = [
    # text, kind, message, part of the hint
    (NOT_IN_THE_MIRROR, TerraformFailed, NOT_TO_BE_HAD, "~/.tofurc"),
    (OUT_OF_REACH, TerraformFailed, NOT_TO_BE_HAD, "tofu providers mirror"),
    (NEWER_FORMAT, TerraformTooOld, NEWER, "use OpenTofu 99.1.0 or newer"),
    (TO_MOVE, TerraformFailed, ELSEWHERE, "tofu init -migrate-state"),
    (MOVED, TerraformFailed, ELSEWHERE, "tofu init -migrate-state"),
    (NO_KEY, TerraformFailed, SEALED, "set TF_ENCRYPTION"),
    (ANOTHER_KEY, TerraformFailed, SEALED, "set TF_ENCRYPTION"),
]


@pytest.mark.parametrize(("text", "kind", "message", "hint"), CASES)
def test_its_words_are_understood(
    tmp_path: Path, text: str, kind: type[CynthusError], message: str, hint: str
) -> None:
    error = explain("\n".join(plain_lines(text)), tmp_path, (), "tofu")
    assert type(error) is kind
    assert error.message == message.replace(ROOT, str(tmp_path))
    assert hint in error.hint


def test_terraform_before_an_encrypted_state_is_told_what_that_is(tmp_path: Path) -> None:
    (tmp_path / "terraform.tfstate").write_text('{"serial": 1, "lineage": "a", "meta": {}, "encrypted_data": "x"}')
    error = explain(OF_TERRAFORM, tmp_path, ())
    assert error is not None
    assert error.hint.startswith("name OpenTofu in CYNTHUS_TERRAFORM, and set TF_ENCRYPTION")


def test_another_state_that_is_none_is_left_to_terraforms_words(tmp_path: Path) -> None:
    (tmp_path / "terraform.tfstate").write_text('{"serial": 1}')
    assert explain(OF_TERRAFORM, tmp_path, ()) is None


@pytest.mark.parametrize(
    "text",
    [
        'Error: Backend initialization required, please run "tofu init"',
        'Please\nrun\n"tofu init" with either the "-reconfigure" or "-migrate-state" flags to\nuse the current one',
        "To make the initial dependency selections that will initialize the dependency\nlock file, run:\n  tofu init",
    ],
)
def test_its_wish_for_an_init_is_understood(text: str) -> None:
    assert needs_init(text)
