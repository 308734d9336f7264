"""Data that lies elsewhere, from the spec to the host."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import ConfirmationNeeded, ContentWrong, DownloadFailed, ReferenceUnknown
from cynthus.operations import elsewhere
from cynthus.operations.plan import plan
from cynthus.operations.render import check, render
from cynthus.operations.up import Request, prepare, run
from cynthus.operations.update import update
from cynthus.testing.kaggle import KaggleHub
from cynthus.testing.web import WebServer, serving
from tests.operations.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READS = "print(open('data/table.csv').read())\nopen('outputs/x', 'w').write(open('data/table.csv').read())\n"
BROKEN = "it is not reached"


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving(WebServer()) as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    made = Workshop(tmp_path)
    yield made
    made.home()


def folder(shop: Workshop, web: WebServer, more: str = "") -> Path:
    address = web.put("/table.csv", b"1,2,3")
    return shop.folder(main=READS, spec=f"data: [{{from: '{address}'{more}}}]\n")


def read(where: Path) -> str:
    return (where / "outputs/latest/x").read_text()


def test_main_py_reads_it(shop: Workshop, web: WebServer) -> None:
    app = folder(shop, web)
    shop.to_the_end(shop.up(app))
    assert read(app) == "1,2,3"


def test_nothing_is_fetched_for_a_second_run(shop: Workshop, web: WebServer) -> None:
    app = folder(shop, web)
    shop.to_the_end(shop.up(app))
    before = web.sent
    shop.to_the_end(run(shop.tools, Request(str(app), yes=True)))
    assert web.sent - before <= 1  # the look at what it is


def test_nothing_is_done_where_nothing_changed(shop: Workshop, web: WebServer) -> None:
    app = folder(shop, web)
    shop.to_the_end(shop.up(app))
    assert shop.up(app).ending == "unchanged"


def test_another_content_is_worth_another_run(shop: Workshop, web: WebServer) -> None:
    app = folder(shop, web)
    shop.to_the_end(shop.up(app))
    web.put("/table.csv", b"4")
    shop.to_the_end(shop.up(app))
    assert read(app) == "4"


def test_what_does_not_answer_any_more_counts_as_it_was(shop: Workshop, web: WebServer) -> None:
    app = folder(shop, web)
    shop.to_the_end(shop.up(app))
    web.fail(500, times=9)
    assert shop.up(app).ending == "unchanged"
    assert any("counts as it was last time" in line for line in shop.progress.warnings)


def test_what_never_answered_is_told_before_anything_is_made(shop: Workshop, web: WebServer) -> None:
    app = folder(shop, web)
    web.fail(500, times=9)
    with pytest.raises(DownloadFailed):
        shop.up(app)
    assert not (app / "infra").exists()


def test_what_is_not_there_is_told_before_anything_is_made(shop: Workshop, web: WebServer) -> None:
    app = shop.folder(spec=f"data: [{web.address}/gone.csv]\n")
    with pytest.raises(ReferenceUnknown):
        shop.up(app)
    assert not (app / "infra").exists()


def test_a_wrong_sum_starts_nothing(shop: Workshop, web: WebServer) -> None:
    app = folder(shop, web, f", sha256: {'0' * 64}")
    with pytest.raises(ContentWrong):
        shop.up(app)
    assert shop.tools.index.by_folder(app)[0].last_run is None


def test_it_is_in_the_offer(shop: Workshop, web: WebServer) -> None:
    app = folder(shop, web)
    shop.up(app)
    assert f"  data: {web.address}/table.csv: 5 bytes" in shop.progress.notes


def test_a_small_one_is_not_asked_about_alone(shop: Workshop, web: WebServer) -> None:
    app = folder(shop, web)
    shop.to_the_end(shop.up(app))
    web.put("/table.csv", b"4")
    shop.up(app, yes=False)
    assert shop.person.questions == []


def test_a_large_one_is(shop: Workshop, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    app = folder(shop, web)
    shop.to_the_end(shop.up(app))
    web.put("/table.csv", b"456789")
    monkeypatch.setattr(elsewhere, "LARGE", 5)
    with pytest.raises(ConfirmationNeeded, match="this would fetch 6 bytes"):
        shop.up(app, yes=False)


def test_a_large_one_that_is_there_is_not(shop: Workshop, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    app = folder(shop, web)
    shop.to_the_end(shop.up(app))
    monkeypatch.setattr(elsewhere, "LARGE", 1)
    run(shop.tools, Request(str(app)))
    assert shop.person.questions == []


def test_preparing_fetches_it(shop: Workshop, web: WebServer) -> None:
    app = folder(shop, web)
    prepare(shop.tools, Request(str(app), yes=True))
    assert [path.read_bytes() for path in shop.host(app).glob("data/*/table.csv")] == [b"1,2,3"]


def test_updating_the_data_fetches_the_new_one(shop: Workshop, web: WebServer) -> None:
    app = folder(shop, web)
    shop.to_the_end(shop.up(app))
    web.put("/table.csv", b"4")
    shop.to_the_end(update(shop.tools, Request(str(app), yes=True), source=False, data=True))
    assert read(app) == "4"


def test_two_lie_side_by_side(shop: Workshop, web: WebServer) -> None:
    first, second = web.put("/a.csv", os.urandom(10)), web.put("/b.csv", b"2")
    main = "import os; open('outputs/x', 'w').write(str(sorted(os.listdir('data/one') + os.listdir('data/two'))))"
    app = shop.folder(main=main, spec=f"data: [{{from: '{first}', as: one}}, {{from: '{second}', as: two}}]\n")
    shop.to_the_end(shop.up(app))
    assert read(app) == "['a.csv', 'b.csv']"


def test_a_plan_shows_what_would_come(shop: Workshop, web: WebServer) -> None:
    planned = plan(shop.tools, Request(str(folder(shop, web))))
    assert [(each.size, each.large) for each in planned.prepared.data] == [(5, False)]


@pytest.mark.data
def test_a_model_of_kaggle_lies_where_main_py_looks(tmp_path: Path) -> None:
    with serving(KaggleHub()) as kaggle:
        kaggle.release("me/tiny/MODEL_FRAMEWORK_PY_TORCH/base", {"model.bin": b"weights"}, licence="MIT")
        shop = Workshop(tmp_path, KAGGLE_API_ENDPOINT=kaggle.address)
        main = "open('outputs/x', 'w').write(open('models/tiny/model.bin').read())"
        app = shop.folder(main=main, spec="models: [kaggle://models/me/tiny/pyTorch/base]\n")
        shop.to_the_end(shop.up(app))
        assert read(app) == "weights"
        assert any("7 bytes, licence MIT, revision 1" in line for line in shop.progress.notes)
        shop.home()


def test_rendering_again_asks_nobody(shop: Workshop, web: WebServer) -> None:
    app = folder(shop, web)
    render(shop.tools, Request(str(app)))
    web.asked.clear()
    assert not render(shop.tools, Request(str(app))).stale
    assert not check(shop.tools, Request(str(app))).stale
    assert web.asked == []
