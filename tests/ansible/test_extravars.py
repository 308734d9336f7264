"""Values reach a play as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cynthus.ansible.adapter import AnsibleRunner
from cynthus.ansible.extravars import encode
from cynthus.errors import AnsibleError
from tests.ansible.workbench import settings_in, write_inventory, write_playbook

HOSTILE = [
    "{{ lookup('pipe', 'id') }}",
    "{{ 7 * 7 }}",
    "{{ undefined_name }}",
    "{% raw %}",
    "{% for x in range(3) %}x{% endfor %}",
    "{# a comment #}",
    "}} {{",
    "{{",
    "!unsafe",
    "!unsafe '{{ 1 }}'",
    "!vault |",
    "$ANSIBLE_VAULT;1.1;AES256",
    "__ansible_unsafe",
    '{"__ansible_unsafe": "x"}',
    "$HOME ${HOME} `id` $(id)",
    "~",
    "~/x",
    "",
    " ",
    " lead and trail ",
    "true",
    "no",
    "null",
    "3.10",
    "012",
    "12:30",
    "'single' \"double\" \\back\\slash",
    "line\nline\r\nline\ttab",
    "\x01\x7f\x85\ufeff",
    "\u2028\u2029",
    "é☃😀",
    "- a: [b, {c: d}]  # e",
]


def play_with(folder: Path, extravars: dict[str, object]) -> object:
    """What a play sees of `extravars`: it writes them all down as JSON."""
    seen = folder / "seen.json"
    content = "{{ {" + ", ".join(f"'{name}': {name}" for name in extravars) + "} | to_json }}"
    task = {"name": "Write down", "ansible.builtin.copy": {"content": content, "dest": str(seen), "mode": "0600"}}
    playbook = write_playbook(folder, {"tasks": [task]})
    AnsibleRunner(settings_in(folder)).play(
        playbook, inventory=write_inventory(folder), extravars=extravars, activity=lambda _: None
    )
    return json.loads(seen.read_text(encoding="utf-8"))


def test_there_are_thirty_two_hostile_strings() -> None:
    assert len(set(HOSTILE)) == 32


def test_hostile_strings_arrive_byte_for_byte_wherever_they_stand(tmp_path: Path) -> None:
    extravars: dict[str, object] = {
        **{f"word_{number}": word for number, word in enumerate(HOSTILE)},
        "listed": list(HOSTILE),
        "nested": {f"key {number}": [word] for number, word in enumerate(HOSTILE)},
        "keys": {word: number for number, word in enumerate(HOSTILE) if not word.startswith("__ansible_")},
    }
    assert play_with(tmp_path, extravars) == extravars


def test_what_is_no_string_keeps_its_kind(tmp_path: Path) -> None:
    extravars: dict[str, object] = {"flag": True, "off": False, "count": 3, "share": 0.5, "nothing": None, "empty": []}
    assert play_with(tmp_path, extravars) == extravars


def test_a_key_that_is_a_mark_of_ansibles_own_is_refused() -> None:
    with pytest.raises(AnsibleError, match="__ansible_vault"):
        encode({"word": [{"__ansible_vault": "x"}]})


def test_a_value_that_json_does_not_know_is_a_defect_of_the_caller() -> None:
    with pytest.raises(TypeError):
        encode({"path": Path("x")})
