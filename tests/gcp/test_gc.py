"""`gc` on a simulated cloud: what may go, and above all what may not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cynthus.errors import CloudFailed
from cynthus.operations.gc import Swept, Wanted, gc
from tests.gcp.api import ZONE
from tests.gcp.estate import ME, labels_of
from tests.gcp.yard import ID, OTHER, YES

if TYPE_CHECKING:
    from tests.gcp.yard import Yard


# what goes


def test_all_of_a_deployment_goes_that_no_record_claims(orphan: Yard) -> None:
    orphan.gc()
    assert orphan.there() == {}


def test_each_thing_goes_after_what_uses_it(orphan: Yard) -> None:
    orphan.gc()
    gone = [
        each.path.split("/v1/")[1].rpartition("/")[0].rpartition("/")[2]
        for each in orphan.cloud.requests
        if each.method == "DELETE"
    ]
    order = ["routers", "firewalls", "subnetworks", "networks", "repositories", "secrets", "serviceAccounts", "b", "b"]
    assert gone == order


def test_a_machine_goes_when_its_time_was_up_although_a_record_claims_it(yard: Yard) -> None:
    yard.estate.deployment(ID)
    yard.estate.machine(ID, expires=yard.cloud.clock + timedelta(hours=1))
    yard.claim(ID)
    before = yard.there()
    yard.later(hours=2)
    yard.gc()
    assert yard.there() == {kind: names for kind, names in before.items() if kind != "instances"}


def test_the_cloud_has_ten_minutes_to_remove_a_machine_itself(yard: Yard) -> None:
    yard.estate.deployment(ID)
    yard.estate.machine(ID, expires=yard.cloud.clock + timedelta(hours=1))
    yard.claim(ID)
    yard.later(hours=1, minutes=9)
    assert yard.gc() == []


def test_a_stopped_machine_that_no_record_claims_goes(orphan: Yard) -> None:
    orphan.estate.machine(ID)
    stopped = orphan.estate.api.post("compute", f"{ZONE}/instances/{ID}-host-0/stop")
    orphan.estate.api.done(stopped)
    orphan.gc()
    assert orphan.there() == {}


def test_what_lies_on_several_pages_goes(yard: Yard) -> None:
    for number in range(101):
        yard.estate.bucket(f"cynthus-many-{number:06x}-out", labels_of(f"many-{number:06x}", ME))
        yard.estate.account(f"many-{number:06x}")
    yard.later(days=1)
    yard.gc()
    assert yard.there() == {}


def test_a_disabled_service_has_nothing_left_over(orphan: Yard) -> None:
    orphan.cloud.project.disable("secretmanager.googleapis.com")
    orphan.gc()
    assert list(orphan.there()) == ["secrets"]


# what stays


def test_the_cloud_s_own_clock_counts_where_it_ends_later_than_the_label(yard: Yard) -> None:
    longer = {"maxRunDuration": {"seconds": "14400"}, "instanceTerminationAction": "DELETE"}
    yard.estate.deployment(ID)
    yard.estate.machine(ID, expires=yard.cloud.clock + timedelta(hours=1), scheduling=longer)
    yard.claim(ID)
    yard.later(hours=2)
    assert yard.gc() == []


def test_what_a_record_claims_stays(orphan: Yard) -> None:
    orphan.claim(ID)
    assert orphan.gc() == []


def test_what_a_damaged_record_claims_stays(orphan: Yard) -> None:
    orphan.claim(ID)
    path = orphan.workshop.tools.settings.state_dir / "deployments" / f"{ID}.json"
    path.write_text("{")
    assert orphan.gc() == []


def test_what_a_record_claimed_that_was_set_aside_stays(orphan: Yard) -> None:
    orphan.claim(ID)
    orphan.workshop.tools.index.set_aside(ID, orphan.clock.now())
    assert orphan.gc() == []


def test_the_deployment_of_the_folder_stays_although_its_record_was_lost(orphan: Yard) -> None:
    root = Path("infra/gcp/base")
    root.mkdir(parents=True)
    (root / "terraform.tfvars.json").write_text(f'{{"deployment": "{ID}", "project": "rehearsal"}}')
    assert orphan.gc() == []


def test_what_is_somebody_else_s_stays(yard: Yard) -> None:
    yard.estate.deployment(ID, "anna")
    yard.estate.machine(ID, "anna", expires=yard.cloud.clock)
    yard.later(days=1)
    before = yard.there()
    yard.gc(Wanted(yes=True, discard=True))
    assert yard.there() == before
    assert {each.why for each in yard.found} == {"it is anna's"}


def test_what_is_somebody_else_s_goes_where_that_was_typed(yard: Yard) -> None:
    yard.estate.deployment(ID, "anna")
    yard.later(days=1)
    yard.gc(Wanted(yes=True, all_owners=True))
    assert yard.there() == {}


def test_what_nobody_can_tell_the_owner_of_stays(yard: Yard) -> None:
    yard.estate.network(ID)
    yard.later(days=1)
    assert {each.goes for each in yard.gc()} == {False}
    assert yard.why(f"{ID}-ssh").startswith("nothing says whose it is")


@pytest.mark.parametrize("name", ["weather-1a2b3c4", "weather-1a2b3", "Weather", "foo-abcdef"])
def test_a_network_that_merely_has_such_a_name_stays(yard: Yard, name: str) -> None:
    yard.estate.network(name.lower(), words="somebody")
    yard.later(days=1)
    assert yard.gc(Wanted(yes=True, all_owners=True)) == []


def test_a_network_with_our_words_and_another_s_name_stays(yard: Yard) -> None:
    yard.estate.network(OTHER, words=f"the deployment {ID}, made by Cynthus.")
    yard.later(days=1)
    assert yard.gc(Wanted(yes=True, all_owners=True)) == []


def test_an_account_that_merely_has_such_a_name_stays(yard: Yard) -> None:
    yard.estate.account(ID, words="of the weather service")
    yard.later(days=1)
    assert yard.gc(Wanted(yes=True, all_owners=True)) == []


def test_a_copy_of_our_machine_with_our_labels_stays(orphan: Yard) -> None:
    orphan.estate.machine(ID, expires=orphan.cloud.clock, name="important-database")
    orphan.later(days=1)
    orphan.gc(Wanted(yes=True, discard=True, all_owners=True))
    assert orphan.there()["instances"] == ["important-database"]
    assert orphan.why("important-database") == "it has our label, but not a name that Cynthus gives"


def test_what_was_made_in_the_last_hour_stays(yard: Yard) -> None:
    yard.estate.deployment(ID)
    yard.later(minutes=59)
    assert {(each.goes, "may still be at work" in each.why) for each in yard.gc()} == {(False, True)}


def test_a_machine_that_runs_stays_with_all_that_it_uses(orphan: Yard) -> None:
    orphan.estate.machine(ID, expires=orphan.cloud.clock + timedelta(days=1))
    orphan.later(hours=2)
    before = orphan.there()
    orphan.gc()
    assert orphan.there() == before
    assert "`cynthus gc --discard`" in orphan.why(f"{ID}-host-0")


def test_a_machine_that_runs_goes_where_that_was_typed(orphan: Yard) -> None:
    orphan.estate.machine(ID, expires=orphan.cloud.clock + timedelta(days=1))
    orphan.later(hours=2)
    orphan.gc(Wanted(yes=True, discard=True))
    assert orphan.there() == {}


def test_a_clock_that_is_ahead_makes_no_machine_overdue(yard: Yard) -> None:
    yard.estate.deployment(ID)
    yard.estate.machine(ID, expires=yard.cloud.clock + timedelta(hours=4))
    yard.claim(ID)
    yard.clock.advance(86400)
    assert yard.gc() == []


def test_a_bucket_with_objects_stays_and_says_how_they_are_saved(orphan: Yard) -> None:
    orphan.fill(f"cynthus-{ID}-out", 3)
    orphan.gc()
    assert orphan.there() == {"buckets": [f"cynthus-{ID}-out"]}
    said = orphan.why(f"cynthus-{ID}-out")
    assert said == (
        f"it holds 3 objects: `gcloud storage cp --recursive gs://cynthus-{ID}-out .` saves them, "
        "`cynthus gc --discard` deletes them with it"
    )


def test_a_bucket_goes_with_its_objects_where_that_was_typed(orphan: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    # Google's library reads it by itself.
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", orphan.cloud.endpoint)
    orphan.fill(f"cynthus-{ID}-out", 3)
    orphan.gc(Wanted(yes=True, discard=True))
    assert orphan.there() == {}


def test_objects_that_come_after_the_look_save_a_bucket(orphan: Yard) -> None:
    def then(_: Swept) -> None:
        orphan.fill(f"cynthus-{ID}-in", 1)

    with pytest.raises(CloudFailed, match=r"1 of 9 could not be removed.*is not empty"):
        gc(orphan.workshop.tools, YES, show=then)
    assert orphan.there() == {"buckets": [f"cynthus-{ID}-in"]}
