from __future__ import annotations

import pytest

from cynthus.core import reference
from cynthus.core.misfit import Misfit
from cynthus.errors import KeysExclude
from tests.core.reading import problem, problems, read


def misfit(text: str) -> Misfit:
    with pytest.raises(Misfit) as caught:
        reference.parse(text)
    return caught.value


def test_an_address_is_kept_as_it_was_written() -> None:
    assert str(reference.parse("https://example.org/a/b%20c.csv?x=1")) == "https://example.org/a/b%20c.csv?x=1"


@pytest.mark.parametrize(
    ("address", "is_archive"),
    [
        ("https://x.org/a.zip", True), ("https://x.org/a.tar.gz?token=1", True), ("https://x.org/A.TGZ", True),
        ("https://x.org/a.csv.gz", False), ("https://x.org/a.csv?as=.zip", False), ("https://x.zip/a", False),
    ],
)
def test_an_archive_is_known_by_its_name(address: str, is_archive: bool) -> None:  # noqa: FBT001
    assert reference.parse(address).is_archive == is_archive


@pytest.mark.parametrize(
    "address", ["https://", "https://example.org", "https://example.org/folder/", "https://[x/y", "https://a b/c"]
)
def test_what_names_no_file_is_refused(address: str) -> None:
    assert "https://example.org/data.zip" in misfit(address).hint


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    found = misfit("https://me:hunter2@example.org/a.csv")
    assert "hunter2" not in f"{found.message} {found.hint}"


def test_a_line_that_anybody_can_change_is_refused() -> None:
    assert misfit("http://example.org/a.csv").hint == "write https://example.org/a.csv"


def test_this_machine_may_speak_plainly() -> None:
    assert reference.parse("http://127.0.0.1:8000/a.csv").name == "http://127.0.0.1:8000/a.csv"


def test_a_name_is_offered_where_several_need_one() -> None:
    found = problems('data: ["https://example.org/My%20table.csv?x=1", b]\n')[0]
    assert "as: My-20table.csv" in found.hint


def test_a_sum_is_read_whatever_its_letters() -> None:
    spec = read(f"data: [{{from: https://example.org/a.csv, sha256: {'AB' * 32}}}]\n")
    assert spec.data is not None
    assert spec.data[0].sha256 == "ab" * 32


def test_what_is_no_sum_is_told_at_its_place() -> None:
    found = problem("data: [{from: https://example.org/a.csv, sha256: abc}]\n")
    assert (found.line, found.column) == (1, 50)


@pytest.mark.parametrize("key", ["sha256: " + "ab" * 32, "unpack: false", "files: [a]"])
def test_keys_of_a_file_elsewhere_do_not_go_with_a_path(key: str) -> None:
    assert problem(f"data: [{{from: here, {key}}}]\n").code == KeysExclude.code


@pytest.mark.parametrize("pattern", ["''", "../x", "/etc/*", "a/../../b"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    assert "data/*.parquet" in problem(f"data: [{{from: 'hf://datasets/me/words', files: [{pattern}]}}]\n").hint


def test_what_lies_elsewhere_is_not_mounted() -> None:
    assert problem("data: [{from: https://example.org/a.csv, mode: mount}]\n").code == KeysExclude.code


@pytest.mark.parametrize(
    ("address", "kind", "name", "revision", "files"),
    [
        ("hf://datasets/me/words", "dataset", "me/words", None, ()),
        ("hf://datasets/me/words@v1.0", "dataset", "me/words", "v1.0", ()),
        ("hf://datasets/me/words@refs/convert/parquet/en/x.parquet", "dataset", "me/words", "refs/convert/parquet",
         ("en/x.parquet",)),
        ("hf://datasets/me/words@feature%2Fx", "dataset", "me/words", "feature/x", ()),
        ("hf://datasets/me/words/data/*.csv", "dataset", "me/words", None, ("data/*.csv",)),
        ("hf://datasets/me/words/data/en", "dataset", "me/words", None, ("data/en/*",)),
        ("hf://me/model@main", "model", "me/model", "main", ()),
        ("hf://models/me/model", "model", "me/model", None, ()),
    ],
)  # fmt: skip
def test_an_address_of_hugging_face_is_read(
    address: str, kind: str, name: str, revision: str | None, files: tuple[str, ...]
) -> None:
    found = reference.parse(address)
    assert (found.kind, found.name, found.revision, found.files) == (kind, name, revision, files)


@pytest.mark.parametrize(
    "address",
    ["hf://", "hf://datasets", "hf://datasets/words", "hf://words", "hf://datasets/me/../x", "hf://datasets/m e/x",
     "hf://datasets/me/words@", "hf://datasets/me/words@a..b", "hf://spaces/me/app@x y"],
)  # fmt: skip
def test_what_names_nothing_on_hugging_face_is_refused(address: str) -> None:
    assert "hf://datasets/owner/name@revision" in misfit(address).hint or "no address" in misfit(address).message


def test_a_whole_commit_never_changes() -> None:
    assert reference.parse(f"hf://me/model@{'a1' * 20}").fixed
    assert not reference.parse("hf://me/model@main").fixed


def test_a_model_is_called_as_its_repository() -> None:
    spec = read("models: [hf://me/tiny-model@v1, {from: hf://me/other, as: second}]\n")
    assert [each.called for each in spec.models] == ["tiny-model", "second"]


def test_two_models_of_one_name_are_refused() -> None:
    found = problem("models: [hf://me/tiny, hf://you/tiny]\n")
    assert (found.code, found.hint) == (KeysExclude.code, "give each model its own `as:`")


@pytest.mark.parametrize("address", ["hf://datasets/me/words", "https://example.org/a.bin", "models/tiny"])
def test_what_is_no_model_is_refused(address: str) -> None:
    assert "`data:`" in problem(f"models: ['{address}']\n").hint


def test_outputs_do_not_go_where_the_models_are() -> None:
    assert problem("models: [hf://me/tiny]\noutputs: models/out\n").code == KeysExclude.code
    assert read("outputs: models/out\n").outputs == "models/out"


@pytest.mark.parametrize(
    ("address", "kind", "name", "revision"),
    [
        ("kaggle://me/words", "dataset", "me/words", None),
        ("kaggle://datasets/me/words@3", "dataset", "me/words", "3"),
        ("kaggle://competitions/titanic", "competition", "titanic", None),
        ("kaggle://models/me/tiny/pyTorch/base", "model", "me/tiny/pyTorch/base", None),
        ("kaggle://models/me/tiny/pyTorch/base@2", "model", "me/tiny/pyTorch/base", "2"),
        ("kaggle://models/me/tiny/PyTorch/base/2", "model", "me/tiny/pyTorch/base", "2"),
        ("kaggle://models/me/tiny/tensor_flow_2/base", "model", "me/tiny/tensorFlow2/base", None),
    ],
)
def test_an_address_of_kaggle_is_read(address: str, kind: str, name: str, revision: str | None) -> None:
    found = reference.parse(address)
    assert (found.kind, found.name, found.revision) == (kind, name, revision)
    assert found.fixed == (revision is not None)


@pytest.mark.parametrize(
    "address",
    ["kaggle://", "kaggle://words", "kaggle://me/words@main", "kaggle://competitions/titanic@2", "kaggle://a/b/c",
     "kaggle://models/me/m", "kaggle://models/me/m/pyTorch/base/new", "kaggle://models/me/m/pyTorch/base/1@2"],
)  # fmt: skip
def test_what_names_nothing_on_kaggle_is_refused(address: str) -> None:
    assert "kaggle://owner/name@version" in misfit(address).hint


@pytest.mark.parametrize(
    ("address", "name", "revision", "files"),
    [
        ("gs://ours", "ours", None, ()), ("gs://ours/", "ours", None, ()), ("gs://ours/raw", "ours/raw", None, ()),
        ("gs://ours/raw/", "ours/raw/", None, ()), ("gs://ours/raw/*.csv", "ours/raw/", None, ("*.csv",)),
        ("gs://ours/*", "ours", None, ("*",)), ("gs://ours/raw/a-*/b*.csv", "ours/raw/", None, ("a-*/b*.csv",)),
        ("gs://ours/a b#1.csv", "ours/a b#1.csv", None, ()), ("gs://ours/a.csv#17", "ours/a.csv", "17", ()),
    ],
)  # fmt: skip
def test_an_address_of_a_bucket_is_read(address: str, name: str, revision: str | None, files: tuple[str, ...]) -> None:
    found = reference.parse(address)
    assert (found.scheme, found.name, found.revision, found.files) == ("gs", name, revision, files)
    assert found.fixed == (revision is not None)


@pytest.mark.parametrize(
    "address", ["gs://", "gs:///x", "gs://Ours/x", "gs://ours/../x", "gs://ours/a//b", "gs://ours/raw/#7", "gs://ours#7"]
)
def test_what_names_nothing_in_a_bucket_is_refused(address: str) -> None:
    assert "gs://bucket/folder" in misfit(address).hint


@pytest.mark.parametrize(
    ("address", "is_archive"), [("gs://ours/a.tar.gz", True), ("gs://ours/a.zip/", False), ("gs://ours/*.zip", False)]
)
def test_one_object_may_be_an_archive(address: str, is_archive: bool) -> None:  # noqa: FBT001
    assert reference.parse(address).is_archive == is_archive


def test_files_and_a_generation_exclude_each_other() -> None:
    assert problem("data: [{from: gs://ours/a#7, files: [x]}]\n").code == KeysExclude.code


def test_a_framework_that_kaggle_does_not_have_is_answered_with_those_it_has() -> None:
    assert "pyTorch" in misfit("kaggle://models/me/tiny/pythorch/base").hint


def test_a_model_of_kaggle_is_called_as_itself_not_as_its_variation() -> None:
    assert [each.called for each in read("models: [kaggle://models/me/tiny/keras/base/3]\n").models] == ["tiny"]


def test_files_of_a_model_of_kaggle_are_not_picked() -> None:
    found = problem("models: [{from: kaggle://models/me/tiny/keras/base, files: ['*.bin']}]\n")
    assert (found.code, "hf:// and gs://" in found.message) == (KeysExclude.code, True)


def test_a_model_may_lie_in_a_bucket() -> None:
    assert [each.called for each in read("models: [gs://ours/models/tiny/]\n").models] == ["tiny"]
