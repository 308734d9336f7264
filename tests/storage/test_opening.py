from __future__ import annotations

import sys

import pytest

from cynthus.credentials.google import GoogleLogin
from cynthus.errors import ExtraMissing, UsageError
from cynthus.process import Command, run
from cynthus.storage.opening import Address, gcs_bucket, parsed

NOBODY = GoogleLogin(None, "log in")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("gs://bucket", Address("bucket", "")),
        ("gs://bucket/", Address("bucket", "")),
        ("gs://my-bucket.example.org/data", Address("my-bucket.example.org", "data/")),
        ("gs://bucket/a b/c/", Address("bucket", "a b/c/")),
    ],
)
def test_an_address_has_a_bucket_and_a_prefix(text: str, address: Address) -> None:
    assert parsed(text) == address


@pytest.mark.parametrize("text", ["", "gs://", "bucket/x", "s3://bucket", "gs://Bucket", "gs://bucket/../x", "gs://b//x"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parsed(text)
    assert "gs://bucket/folder" in caught.value.hint


def test_an_address_is_written_as_it_is_read() -> None:
    assert str(parsed("gs://bucket/data")) == "gs://bucket/data/"


def test_a_bucket_is_opened_by_its_name() -> None:
    bucket = gcs_bucket("bucket", lambda: NOBODY, threads=3)
    assert (bucket.name, bucket.threads) == ("bucket", 3)


def test_where_the_package_is_missing_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.storage", None)
    monkeypatch.delitem(sys.modules, "cynthus.storage.gcs", raising=False)
    with pytest.raises(ExtraMissing) as caught:
        gcs_bucket("bucket", lambda: NOBODY)
    assert "pip install 'cynthus[gcp]'" in caught.value.hint


@pytest.mark.parametrize("module", ["opening", "base", "local", "memory", "sending", "fetching"])
def test_nothing_of_google_is_loaded_before_it_is_needed(module: str) -> None:
    script = f"import sys, cynthus.storage.{module}; print(*sys.modules)"
    loaded = run(Command((sys.executable, "-c", script))).stdout.decode().split()
    assert [name for name in loaded if name.startswith(("google", "requests"))] == []
