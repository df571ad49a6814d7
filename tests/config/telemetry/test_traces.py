"""Traces through real processes: from a request through the worker, the relay and the runner to what they talk to."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.config.telemetry.house import TOKEN, TOPIC, TracedHouse, traced_house
from tests.fakes.collector import Arrived
from tests.fakes.faulty import Fault, wait_until
from tests.fakes.kafka_reader import read_topic

ASYNC = {"Prefer": "respond-async"}
CALLERS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PERSON = "Gruenwald"
QUERY = "what-only-the-address-has"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TracedHouse]:
    with traced_house(tmp_path_factory.mktemp("house")) as house:
        for command in ("run_worker", "relay_data"):
            house.system.start(command)
        house.import_customers(PERSON)
        yield house


def steps(path: list[Arrived]) -> list[tuple[str, str, str]]:
    return [(span.service, span.kind, span.name) for span in path]


def partners_span(house: TracedHouse, traceparent: str) -> Arrived:
    """Wait for the span that a request to the partner names as its parent."""
    return house.span(lambda span: f"{span.trace_id}-{span.span_id}" == traceparent[3:52])


def test_one_trace_leads_from_the_request_through_the_worker_to_the_partner(house: TracedHouse) -> None:
    before = len(house.partner.received)
    answer = house.post("send-customers", headers=ASYNC)
    house.wait_for_delivery(answer.json()["id"])
    [received] = house.partner.received[before:]

    path = house.path_to(partners_span(house, received.headers["traceparent"]))

    where = f"POST 127.0.0.1:{house.partner.port}"
    assert steps(path) == [
        ("apron-web", "SERVER", "POST api/send-customers"),
        ("apron-worker", "CONSUMER", "round of a delivery"),
        ("apron-worker", "CLIENT", where),
    ]
    assert path[0] == house.request_span(answer)
    assert path[1].attributes["apron.delivery"] == answer.json()["id"]
    assert path[2].attributes["http.response.status_code"] == 201


def test_statements_are_spans_of_what_made_them_and_polls_are_none(house: TracedHouse) -> None:
    request = house.request_span(house.post("send-customers", json={"dry_run": True}))
    queries = house.span(lambda span: span.parent_id == request.span_id and span.name == "SELECT")
    assert queries.attributes["db.system.name"] in {"sqlite", "postgresql"}
    assert "inflight_" in queries.attributes["db.query.text"]
    roots = {span.name for span in house.collector.spans if not span.parent_id}
    assert not {name for name in roots if name in {"SELECT", "UPDATE", "INSERT", "BEGIN"}}


def test_a_request_that_waits_has_the_partners_span_itself(house: TracedHouse) -> None:
    before = len(house.partner.received)
    answer = house.post("send-customers")
    [received] = house.partner.received[before:]
    path = house.path_to(partners_span(house, received.headers["traceparent"]))
    assert [span.service for span in path] == ["apron-web"] * 3
    assert path[0] == house.request_span(answer)


def test_a_callers_trace_is_gone_on_with(house: TracedHouse) -> None:
    request = house.request_span(house.post("send-customers", json={"dry_run": True}, headers={"traceparent": CALLERS}))
    assert f"00-{request.trace_id}-{request.parent_id}-01" == CALLERS


def test_a_products_registration_belongs_to_the_request_that_made_it(house: TracedHouse) -> None:
    answer = house.post("products", json={"name": "Plane", "description": "A model"})
    request, where = house.request_span(answer), f"POST 127.0.0.1:{house.offers.port}"
    call = house.span(lambda span: span.trace_id == request.trace_id and span.name == where)
    assert steps(house.path_to(call)) == [
        ("apron-web", "SERVER", "POST api/products"),
        ("apron-worker", "CONSUMER", "registration"),
        ("apron-worker", "CLIENT", where),
    ]
    [received] = [each for each in house.offers.received if each.path.endswith("/register")]
    assert call.span_id in received.headers["traceparent"]


@pytest.mark.parametrize(("headers", "sender"), [({}, "apron-web"), (ASYNC, "apron-relay")])
def test_a_record_in_kafka_has_the_trace_of_who_sent_it(
    house: TracedHouse, headers: dict[str, str], sender: str
) -> None:
    answer = house.post("data", json={"content": "Hello"}, headers=headers)
    request = house.request_span(answer)

    def record() -> str | None:
        records = read_topic([house.kafka.address], TOPIC)
        found = [each for each in records if each.entry_id == answer.json()["id"]]
        return found[0].headers["traceparent"].decode() if found else None

    traceparent = wait_until(record, what="the record") or ""
    sending = house.span(lambda span: f"{span.trace_id}-{span.span_id}" == traceparent[3:52])
    assert steps(house.path_to(sending)) == [
        ("apron-web", "SERVER", "POST api/data"),
        (sender, "PRODUCER", f"{TOPIC} send"),
    ]
    assert sending.trace_id == request.trace_id


def test_many_records_of_one_request_have_its_trace(house: TracedHouse) -> None:
    answer = house.post("data", json=[{"content": f"{n}"} for n in range(3)], headers=ASYNC)
    request, ids = house.request_span(answer), {each["id"] for each in answer.json()}

    def traces() -> set[str] | None:
        found = [each for each in read_topic([house.kafka.address], TOPIC) if each.entry_id in ids]
        return {each.headers["traceparent"][3:35].decode() for each in found} if len(found) == len(ids) else None

    assert wait_until(traces, what="the records") == {request.trace_id}


def test_a_job_of_compute_belongs_to_the_request_that_asked_for_it(house: TracedHouse) -> None:
    (house.folder / "compute" / "seats.csv").write_text("seat,price\n14C,5\n14C,7\n")
    answer = house.post("compute/stats", json={"file_path": "seats.csv", "columns": ["price"]})
    request = house.request_span(answer)
    job = house.span(lambda span: span.name == "job" and span.trace_id == request.trace_id)
    assert (job.service, job.parent_id, job.attributes["apron.status"]) == ("apron-worker", request.span_id, "done")
    assert job.end > job.start


def test_lines_of_the_log_name_the_trace(house: TracedHouse) -> None:
    house.partner.fail_next(Fault(status=503))
    answer = house.post("send-customers")
    request = house.request_span(answer)
    house.wait_for_delivery(answer.json()["id"])
    assert house.system.log
    lines = [json.loads(line) for line in house.system.log.read_text().splitlines() if line.startswith("{")]
    told = [line for line in lines if line["trace_id"] == request.trace_id]
    assert any("partner API" in line["message"] for line in told)
    assert {line["request_id"] for line in told} == {request.attributes["apron.request_id"]}


def test_no_span_says_who_somebody_is_or_what_opens_a_door(house: TracedHouse) -> None:
    answers = [
        requests.get(f"{house.system.url}/{path}", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
        for path in (f"customers/{PERSON}", f"customers/0?{QUERY}=1", f"{PERSON}/{QUERY}", f"customers?city={PERSON}")
    ]
    for answer in answers:
        house.request_span(answer)
    everything = house.collector.everything
    assert b"api/customers" in everything
    for secret in (PERSON, "Ada", TOKEN, QUERY, "python-requests"):
        assert secret.encode() not in everything, secret


def test_probes_are_not_traced(house: TracedHouse) -> None:
    assert requests.get(f"{house.system.url}/health", timeout=30).json()["checks"]
    house.request_span(house.post("send-customers", json={"dry_run": True}))
    assert not any(span.attributes.get("http.route", "").endswith("health") for span in house.collector.spans)


def test_what_is_left_is_sent_when_a_process_ends(tmp_path: Path) -> None:
    with traced_house(tmp_path, OTEL_BSP_SCHEDULE_DELAY="600000") as house:
        house.system.start("run_worker")
        house.import_customers(PERSON)
        answer = house.post("send-customers", headers=ASYNC)
        wait_until(lambda: house.partner.received, seconds=60, what="the delivery")
        assert house.collector.received == []
        for process in house.system.running:
            process.terminate()
            process.wait(20)
        assert house.request_span(answer).name == "POST api/send-customers"
        assert house.span(lambda span: span.name == "round of a delivery")
