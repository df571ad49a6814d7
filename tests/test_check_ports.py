"""`make run` says which port is in use, and how to choose another, before it starts anything."""

import socket

import pytest

from sample_data.check_ports import main


def test_a_port_in_use_is_named_with_the_variable_that_moves_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("KAFKA_PORT", str(port))
        assert main(["KAFKA_PORT"]) == 1
    assert f"Port {port} is in use by another program." in (told := capsys.readouterr().err)
    assert "make run KAFKA_PORT=" in told


def test_a_free_port_is_nothing_to_speak_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PORT", str(probe.getsockname()[1]))
    assert (main(["PORT"]), capsys.readouterr().err) == (0, "")
