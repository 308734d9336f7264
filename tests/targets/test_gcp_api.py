"""What Cynthus asks of Google Cloud itself, and what it makes of every kind of answer."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cynthus.errors import BucketFailed, CloudFailed, CynthusError, NotLoggedIn
from cynthus.storage.gcs import GcsBucket
from cynthus.targets.gcp.api import Api, NotThere
from cynthus.targets.gcp.buckets import empty_bucket
from cynthus.targets.gcp.instances import console, is_gone
from cynthus.testing.gcp import Fault, SimulatedCloud
from cynthus.testing.web import Answer, Request, WebServer, serving
from tests.gcp.api import Api as Client
from tests.targets.gcp_cloud import NAME, SENTINEL, api, end, machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ZONES = "projects/rehearsal/zones"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[SimulatedCloud]:
    simulated = SimulatedCloud(tmp_path / "cloud")
    with simulated.serving():
        yield simulated


def zones(asked: Api) -> list[str]:
    return [each["name"] for page in asked.pages("compute", ZONES, {"maxResults": "3"}) for each in page["items"]]


def refusal(asked: Api, path: str = ZONES) -> CynthusError:
    with pytest.raises(CynthusError) as caught:
        asked.ask("GET", "compute", path)
    return caught.value


# pages


def test_a_list_is_read_to_its_end(cloud: SimulatedCloud) -> None:
    whole = api(cloud).ask("GET", "compute", ZONES)["items"]
    assert zones(api(cloud)) == [each["name"] for each in whole]
    assert len(whole) > 3


def test_pages_come_as_they_are_asked_for(cloud: SimulatedCloud) -> None:
    pages = api(cloud).pages("compute", ZONES, {"maxResults": "1"})
    next(pages)
    next(pages)
    assert len([each for each in cloud.requests if each.path.endswith("/zones")]) == 2


@pytest.mark.parametrize(("payer", "sent"), [("", None), ("lab-4711", "lab-4711")])
def test_the_cloud_project_whose_quota_it_is_is_named_where_there_is_one(payer: str, sent: str | None) -> None:
    with serving(WebServer()) as web:
        web.put("/cloudbilling/v1/services", b"{}")
        environment = {"CYNTHUS_GOOGLE_API": web.address, "GOOGLE_OAUTH_ACCESS_TOKEN": SENTINEL}
        Api(environment).ask("GET", "cloudbilling", "services", paid_by=payer)
    assert web.asked[0].headers.get("x-goog-user-project") == sent


# refusals


def test_a_name_that_google_does_not_know_is_not_there(cloud: SimulatedCloud) -> None:
    with pytest.raises(NotThere, match="nowhere"):
        api(cloud).ask("GET", "compute", f"{ZONES}/nowhere-1-a")


def test_a_wrong_token_is_told_with_how_to_get_another(cloud: SimulatedCloud) -> None:
    found = refusal(api(cloud, GOOGLE_OAUTH_ACCESS_TOKEN=SENTINEL))
    assert isinstance(found, NotLoggedIn)
    assert "gcloud auth print-access-token" in found.hint


def test_a_token_that_has_expired_counts_as_wrong(cloud: SimulatedCloud) -> None:
    cloud.token("short", "ann@example.org", "roles/owner", seconds=60)
    asked = api(cloud, GOOGLE_OAUTH_ACCESS_TOKEN="short")
    assert zones(asked)
    cloud.advance(61)
    assert isinstance(refusal(asked), NotLoggedIn)


def test_what_may_not_be_done_is_told_in_googles_words(cloud: SimulatedCloud) -> None:
    cloud.token("little", "ann@example.org")
    found = refusal(api(cloud, GOOGLE_OAUTH_ACCESS_TOKEN="little"))
    assert isinstance(found, CloudFailed)
    assert "403" in found.message
    assert "compute.zones.list" in found.message


def test_a_token_is_in_no_error_though_a_server_repeats_it() -> None:
    class Parrot(WebServer):
        def answer(self, request: Request) -> Answer:
            said = {"error": {"message": f"who is {dict(request.headers)}?"}}
            return Answer(403, json.dumps(said).encode())

    with serving(Parrot()) as web:
        asked = Api({"CYNTHUS_GOOGLE_API": web.address, "GOOGLE_OAUTH_ACCESS_TOKEN": SENTINEL})
        found = refusal(asked)
    assert "Bearer" in found.message
    assert SENTINEL not in f"{found.message} {found.hint} {found.details} {found!r}"


# what passes


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_asked_again(cloud: SimulatedCloud, status: int) -> None:
    cloud.faults.plan(Fault(status=status), path="/zones$", times=3)
    assert zones(api(cloud))


def test_what_does_not_pass_is_told_after_four_tries(cloud: SimulatedCloud) -> None:
    cloud.faults.plan(Fault(status=503), path="/zones$", times=9)
    assert "503" in refusal(api(cloud)).message
    assert len([each for each in cloud.requests if each.path.endswith("/zones")]) == 4


def test_who_only_glances_asks_once(cloud: SimulatedCloud) -> None:
    cloud.faults.plan(Fault(status=503), path="/zones$")
    assert isinstance(refusal(Api(cloud.environment(), tries=1)), CloudFailed)


def test_google_is_asked_again_when_it_says(cloud: SimulatedCloud) -> None:
    cloud.faults.plan(Fault(status=429, retry_after="1"), path="/zones$")
    begun = time.monotonic()
    assert zones(api(cloud))
    assert time.monotonic() - begun >= 1


def test_a_cut_connection_is_asked_again(cloud: SimulatedCloud) -> None:
    cloud.faults.plan(Fault(cut=0), path="/zones$", times=2)
    assert zones(api(cloud))


def test_a_cloud_that_does_not_answer_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    environment = {"CYNTHUS_GOOGLE_API": f"http://127.0.0.1:{port}", "GOOGLE_OAUTH_ACCESS_TOKEN": SENTINEL}
    found = refusal(Api(environment, wait=0.01))
    assert "does not answer" in found.message
    assert SENTINEL not in f"{found.message} {found.hint}"


def test_a_page_of_somebody_else_is_no_answer_of_google() -> None:
    with serving(WebServer()) as web:
        web.put(f"/compute/v1/{ZONES}", b"<html>log in to the hotel</html>")
        found = refusal(Api({"CYNTHUS_GOOGLE_API": web.address, "GOOGLE_OAUTH_ACCESS_TOKEN": SENTINEL}, wait=0.01))
    assert isinstance(found, CloudFailed)
    assert "something else" in found.message


def test_no_token_goes_over_a_line_that_anybody_can_read() -> None:
    found = refusal(Api({"CYNTHUS_GOOGLE_API": "http://192.0.2.1", "GOOGLE_OAUTH_ACCESS_TOKEN": SENTINEL}))
    assert "over a line that anybody can change" in found.message


# machines


def test_a_machine_that_runs_is_not_gone(cloud: SimulatedCloud) -> None:
    assert not is_gone(api(cloud), machine(cloud))


@pytest.mark.parametrize("verb", ["delete", "stop"])
def test_a_machine_that_was_deleted_or_stopped_is_gone(cloud: SimulatedCloud, verb: str) -> None:
    host = machine(cloud)
    end(cloud, verb)
    assert is_gone(api(cloud), host)


def test_another_machine_of_the_same_name_is_not_the_one_that_is_gone(cloud: SimulatedCloud) -> None:
    first = machine(cloud)
    end(cloud, "delete")
    second = machine(cloud)
    assert first.connection.instance_id != second.connection.instance_id
    assert [is_gone(api(cloud), each) for each in (first, second)] == [True, False]


@pytest.mark.parametrize("fault", [Fault(status=403), Fault(status=503), Fault(cut=0)])
def test_where_nobody_can_tell_a_machine_stands(cloud: SimulatedCloud, fault: Fault) -> None:
    host = machine(cloud)
    end(cloud, "delete")
    cloud.faults.plan(fault, path="/instances/", times=9)
    assert not is_gone(api(cloud), host)


@pytest.mark.parametrize("field", ["project", "zone", "instance_id"])
def test_a_machine_of_which_too_little_is_known_stands(cloud: SimulatedCloud, field: str) -> None:
    host = machine(cloud)
    end(cloud, "delete")
    assert not is_gone(api(cloud), replace(host, connection=replace(host.connection, **{field: None})))


def test_the_last_lines_of_a_console_are_shown_without_the_empty_ones(cloud: SimulatedCloud) -> None:
    host = machine(cloud)
    cloud.say(NAME, "".join(f"line {number}  \r\n\r\n" for number in range(20)))
    assert console(api(cloud), host) == tuple(f"line {number}" for number in range(12, 20))


def test_the_console_of_a_machine_that_is_gone_shows_nothing(cloud: SimulatedCloud) -> None:
    host = machine(cloud)
    end(cloud, "delete")
    assert console(api(cloud), host) == ()


# buckets


@pytest.fixture
def bucket(cloud: SimulatedCloud, monkeypatch: pytest.MonkeyPatch) -> str:
    """One with more objects than are deleted at once."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.endpoint)
    client = Client(cloud.endpoint)
    assert client.post("storage", "b", {"name": "weather-out"}, project="rehearsal").status == 200
    client.close()
    return "weather-out"


def objects(cloud: SimulatedCloud, name: str) -> list[str]:
    client = Client(cloud.endpoint)
    found = client.get("storage", f"b/{name}/o").body.get("items", [])
    client.close()
    return [each["name"] for each in found]


def fill(cloud: SimulatedCloud, name: str, count: int) -> None:
    from google.oauth2.credentials import Credentials

    from cynthus.credentials.google import GoogleLogin

    opened = GcsBucket(name, GoogleLogin(Credentials(cloud.environment()["GOOGLE_OAUTH_ACCESS_TOKEN"]), ""))
    for number in range(count):
        opened.put(f"runs/{number}", [b"x"], size=1)
    opened.close()


def test_a_bucket_is_emptied_and_stays(cloud: SimulatedCloud, bucket: str) -> None:
    fill(cloud, bucket, 40)
    assert len(objects(cloud, bucket)) == 40
    empty_bucket(bucket, cloud.environment(), api(cloud))
    assert objects(cloud, bucket) == []


def test_a_bucket_that_is_gone_is_empty(cloud: SimulatedCloud, bucket: str) -> None:
    empty_bucket(f"{bucket}-2", cloud.environment(), api(cloud))
    assert objects(cloud, bucket) == []


def test_a_bucket_that_lets_nobody_in_is_not_empty(cloud: SimulatedCloud, bucket: str) -> None:
    cloud.token("little", "ann@example.org")
    environment = {**cloud.environment(), "GOOGLE_OAUTH_ACCESS_TOKEN": "little"}
    with pytest.raises(BucketFailed, match="does not let you in"):
        empty_bucket(bucket, environment, api(cloud, GOOGLE_OAUTH_ACCESS_TOKEN="little"))
