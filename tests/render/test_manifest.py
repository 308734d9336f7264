from __future__ import annotations

import json

from cynthus.render.manifest import digest, manifest, read_manifest
from tests.render.folders import Folder, some

HASH = digest(b"x")


def test_it_names_every_file_by_its_hash(written: Folder) -> None:
    files = json.loads(written.text(".rendered.json"))["files"]
    assert files == {path: digest(content) for path, content in some().files.items()}


def test_it_names_what_was_rendered_and_not_what_the_user_made_of_it(written: Folder) -> None:
    written.edit("line 5", "my line")
    before = written.text(".rendered.json")
    written.write(some())
    assert written.text(".rendered.json") == before


def test_it_does_not_depend_on_the_order() -> None:
    assert manifest({"a": HASH, "b": HASH}) == manifest({"b": HASH, "a": HASH})


def test_it_reads_as_it_was_written() -> None:
    assert read_manifest(manifest({"a": HASH})) == {"a": HASH}


def test_where_there_is_none_nothing_is_known() -> None:
    assert read_manifest(None) == {}


def test_it_is_written_again_where_it_was_deleted(written: Folder) -> None:
    before = written.text(".rendered.json")
    (written.root / ".rendered.json").unlink()
    written.write(some())
    assert written.text(".rendered.json") == before
