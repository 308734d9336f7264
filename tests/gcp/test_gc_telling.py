"""`gc` on a simulated cloud: what is asked and told, and what others do meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import CloudFailed, ConfirmationNeeded, UsageError
from cynthus.operations.gc import Swept, Wanted, gc
from cynthus.testing.gcp.faults import OperationFault
from tests.gcp.api import P
from tests.gcp.estate import ME, labels_of
from tests.gcp.yard import ID, YES

if TYPE_CHECKING:
    from tests.gcp.yard import Yard


# what is asked, and what is told


def test_a_dry_run_changes_nothing(orphan: Yard) -> None:
    before = orphan.there()
    found = orphan.gc(Wanted(dry_run=True))
    assert orphan.there() == before
    assert sorted(each.kind for each in found if each.goes) == sorted(
        ["router", "firewall", "subnetwork", "network", "repository", "secret", "service account", "bucket", "bucket"]
    )


def test_where_nobody_can_be_asked_nothing_goes(orphan: Yard) -> None:
    before = orphan.there()
    with pytest.raises(ConfirmationNeeded, match="1 router, 1 firewall"):
        orphan.gc(Wanted())
    assert orphan.there() == before


def test_enter_means_no(orphan: Yard) -> None:
    orphan.workshop.with_person(answer=False)
    before = orphan.there()
    with pytest.raises(UsageError, match="you said no"):
        orphan.gc(Wanted())
    assert (orphan.there(), orphan.workshop.person.defaults) == (before, [False])


def test_where_nothing_is_left_over_nothing_is_asked(yard: Yard) -> None:
    assert yard.gc(Wanted()) == []


def test_one_kind_that_may_not_be_seen_keeps_no_other(orphan: Yard) -> None:
    orphan.cloud.deny("owner@example.com", "secretmanager.secrets.list")
    with pytest.raises(CloudFailed, match=r"nobody can tell what is left over of: secret; .*secretmanager"):
        orphan.gc()
    assert list(orphan.there()) == ["secrets"]


def test_where_machines_may_not_be_seen_nothing_goes_that_they_may_use(orphan: Yard) -> None:
    orphan.cloud.deny("owner@example.com", "compute.instances.list")
    before = orphan.there()
    with pytest.raises(CloudFailed, match="of: instance"):
        orphan.gc()
    assert orphan.there() == before


def test_what_may_not_be_removed_is_told_and_the_others_go(orphan: Yard) -> None:
    orphan.cloud.deny("owner@example.com", "secretmanager.secrets.delete")
    with pytest.raises(CloudFailed, match="1 of 9 could not be removed"):
        orphan.gc()
    assert list(orphan.there()) == ["secrets"]


def test_what_an_undeletable_machine_uses_stays(orphan: Yard) -> None:
    orphan.estate.machine(ID, expires=orphan.cloud.clock, deletionProtection=True)
    orphan.later(days=1)
    before = orphan.there()
    with pytest.raises(CloudFailed, match="could not be removed"):
        orphan.gc()
    assert orphan.there() == before


def test_a_project_that_is_not_there_is_named(yard: Yard) -> None:
    with pytest.raises(CloudFailed, match="there is no cloud project elsewhere"):
        yard.gc(Wanted(project="elsewhere"))


def test_a_target_without_a_cloud_leaves_nothing_over(yard: Yard) -> None:
    assert yard.gc(Wanted(target="local")) == []


# others meanwhile


def test_what_a_record_claims_by_the_time_of_the_answer_stays(orphan: Yard) -> None:
    before = orphan.there()
    with pytest.raises(CloudFailed, match="a record claims it by now"):
        gc(orphan.workshop.tools, YES, show=lambda _: orphan.claim(ID))
    assert orphan.there() == before


def test_what_was_made_anew_under_the_same_name_stays(orphan: Yard) -> None:
    secret = f"{P}/secrets/{ID}-HF_TOKEN"

    def anew(_: Swept) -> None:
        orphan.estate.api.delete("secretmanager", secret)
        orphan.later(seconds=5)
        body = {"replication": {"automatic": {}}, "labels": labels_of(ID, ME)}
        orphan.estate.did(orphan.estate.api.post("secretmanager", f"{P}/secrets", body, secretId=f"{ID}-HF_TOKEN"))

    with pytest.raises(CloudFailed, match="it has changed since it was looked at"):
        gc(orphan.workshop.tools, YES, show=anew)
    assert orphan.there() == {"secrets": [f"{ID}-HF_TOKEN"]}


def test_what_is_gone_by_the_time_of_the_answer_is_done(orphan: Yard) -> None:
    def look_too(_: Swept) -> None:
        orphan.gc()

    gc(orphan.workshop.tools, YES, show=look_too)
    assert orphan.there() == {}


def test_two_at_once_leave_nothing(orphan: Yard) -> None:
    together, failed = threading.Barrier(2), list[BaseException]()

    def wait(_: Swept) -> None:
        together.wait(20)

    def one() -> None:
        try:
            gc(orphan.workshop.tools, YES, show=wait)
        except BaseException as error:  # noqa: BLE001 - it is what the test is about
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (failed, orphan.there()) == ([], {})


def test_operations_that_take_time_are_waited_for(orphan: Yard) -> None:
    orphan.cloud.project.latency = 0.3
    orphan.gc()
    assert orphan.there() == {}


def test_an_operation_that_fails_is_told(orphan: Yard) -> None:
    orphan.cloud.faults.plan(OperationFault("INTERNAL_ERROR", "it broke"), method="DELETE", path="/routers/")
    with pytest.raises(CloudFailed, match="Google Cloud says no: it broke"):
        orphan.gc()
