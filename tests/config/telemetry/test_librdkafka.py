"""Records that librdkafka sends have the trace of the request, as those of kafka-python do."""

from pathlib import Path

from tests.config.telemetry.house import TOPIC, traced_house
from tests.config.telemetry.test_traces import steps
from tests.fakes.kafka_reader import read_topic


def test_a_record_in_kafka_has_the_trace_of_who_sent_it(tmp_path: Path) -> None:
    with traced_house(tmp_path, KAFKA_CLIENT="librdkafka", KAFKA_ACK_SECONDS="20") as house:
        request = house.request_span(house.post("data", json={"content": "Hello"}))
        [record] = read_topic([house.kafka.address], TOPIC)
        traceparent = record.headers["traceparent"].decode()
        sending = house.span(lambda span: f"{span.trace_id}-{span.span_id}" == traceparent[3:52])
        assert steps(house.path_to(sending)) == [
            ("apron-web", "SERVER", "POST api/data"),
            ("apron-web", "PRODUCER", f"{TOPIC} send"),
        ]
        assert sending.trace_id == request.trace_id
