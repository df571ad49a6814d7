"""What several processes count is one sum, whoever of them is asked or killed."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
import requests

from config.core.process_files import MOST_PROCESSES
from tests.config.processes import environment, run_python
from tests.fakes.faulty import free_port, wait_until
from tests.metrics import parse, value
from tests.processes import ROOT, System, running_system

WORKERS = 2
pytestmark = pytest.mark.django_db


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running_system(tmp_path, METRICS_DIR=str(tmp_path / "metrics")) as running:
        yield running


def workers_of(server: int) -> list[psutil.Process]:
    """Return granian's workers; [] while one of its children is just ending."""
    try:
        children = psutil.Process(server).children()
        return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]
    except psutil.NoSuchProcess:
        return []


def ask(system: System, times: int) -> None:
    """Have so many requests answered, each on a connection of its own, which may reach any worker."""
    answered = 0
    while answered < times:
        try:
            assert requests.get(f"{system.url}/livez", timeout=10).status_code == 200
            answered += 1
        except requests.ConnectionError:  # it waited for the worker that was killed
            continue


def counted(system: System) -> float:
    text = requests.get(f"{system.url}/metrics", timeout=10).text
    return value(
        parse(text), "apron_http_request_duration_seconds_count", route="/api/livez", method="GET", status="200"
    )


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("counter_*.db"))


def test_two_workers_count_together_and_a_killed_one_takes_nothing_with_it(system: System, tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    server = system.start_web("--workers", str(WORKERS), "--respawn-failed-workers")
    wait_until(lambda: len(workers_of(server.pid)) == WORKERS, what="all workers")
    asked = 0
    while len(files(folder)) < WORKERS:  # until both have answered something
        ask(system, 10)
        asked += 10
        assert asked < 2000
    assert counted(system) == asked

    victim = workers_of(server.pid)[0]
    victim.kill()

    def is_respawned() -> bool:
        pids = {worker.pid for worker in workers_of(server.pid)}
        return len(pids) == WORKERS and victim.pid not in pids

    wait_until(is_respawned, what="the server to start another worker")
    ask(system, 100)
    assert {counted(system) for _ in range(10)} == {asked + 100}
    assert files(folder) == ["counter_0.db", "counter_1.db"]


COUNT = """
import os
from config.core import counters

counter = counters.Counter("apron_test_total", "Test", ["who"])

def total():
    return sum(sample.value for metric in counters.collect() for sample in metric.samples)

"""


def run(folder: Path, code: str) -> "subprocess.CompletedProcess[str]":
    """Run code that counts, in a process that loads nothing else."""
    return subprocess.run(
        [sys.executable, "-c", COUNT + code],
        check=False,
        cwd=ROOT,
        env=environment(METRICS_DIR=str(folder)),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_process_goes_on_where_a_killed_one_was(tmp_path: Path) -> None:
    for _ in range(3):
        assert run(tmp_path, "counter.inc('me'); os.kill(os.getpid(), 9)").returncode == -9
    assert run(tmp_path, "counter.inc('me', amount=2); print(total())").stdout == "5.0\n"
    assert files(tmp_path) == ["counter_0.db"]


def test_a_fork_counts_by_itself_and_takes_nothing_of_its_parents(tmp_path: Path) -> None:
    code = """
counter.inc("me", amount=10)
child = os.fork()
counter.inc("me", amount=1)
if not child:
    os._exit(0)
os.waitpid(child, 0)
counter.inc("me", amount=100)
print(total())
"""
    assert run(tmp_path, code).stdout == "112.0\n"
    assert files(tmp_path) == ["counter_0.db", "counter_1.db"]


def test_a_folder_that_cannot_be_made_costs_the_numbers_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run(tmp_path / "file" / "metrics", "counter.inc('me'); counter.inc('me'); print(total())")
    assert (ended.returncode, ended.stdout) == (0, "0\n")
    assert ended.stderr.count("METRICS_DIR cannot be used") == 1


def test_a_disk_without_room_costs_numbers_until_there_is_room(tmp_path: Path) -> None:
    code = """
import resource
from config.core import process_files
process_files.TRY_AGAIN_SECONDS = 0
most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, most[1]))
counter.inc("me")
counter.inc("me")
resource.setrlimit(resource.RLIMIT_FSIZE, most)
counter.inc("me", amount=5)
print(total())
"""
    ended = run(tmp_path, code)
    assert (ended.returncode, ended.stdout) == (0, "5.0\n")
    assert ended.stderr.count("METRICS_DIR cannot be used") == 1
    assert files(tmp_path) == ["counter_0.db"]


def test_a_folder_that_somebody_else_put_there_is_not_written_to(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (tmp_path / "metrics").symlink_to(theirs)
    ended = run(tmp_path / "metrics", "counter.inc('me')")
    assert ended.returncode == 0
    assert "is not a folder of the user who runs this" in ended.stderr
    assert list(theirs.iterdir()) == []


def test_a_broken_file_is_begun_anew(tmp_path: Path) -> None:
    run(tmp_path, "counter.inc('me', amount=7)")
    with (tmp_path / "counter_0.db").open("r+b") as file:
        file.seek(8)
        file.write(b"\xff" * 64)
    ended = run(tmp_path, "counter.inc('me'); print(total())")
    assert ended.stdout == "1.0\n"
    assert "was broken" in ended.stderr


def test_more_processes_than_there_are_numbers_go_uncounted(tmp_path: Path) -> None:
    with ExitStack() as stack:
        for number in range(MOST_PROCESSES):
            lock = stack.enter_context((tmp_path / f"{number}.lock").open("ab"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        ended = run(tmp_path, "counter.inc('me'); print(total())")
    assert (ended.returncode, ended.stdout) == (0, "0\n")
    assert "count in" in ended.stderr


def test_the_disk_is_claimed_when_a_process_begins_to_count(tmp_path: Path) -> None:
    run(tmp_path, "counter.inc('me')")
    for file in tmp_path.glob("*.db"):
        assert file.stat().st_blocks * 512 >= file.stat().st_size > 0, "a hole would end a process on a full disk"


def test_without_the_database_what_processes_counted_and_the_disks_are_told_and_that_it_is_gone(tmp_path: Path) -> None:
    with free_port() as port:
        pass
    code = (
        COUNT + "counter.inc('me'); from config.monitoring.metrics import exposition; print(exposition()[0].decode())"
    )
    nowhere = f"postgres://nobody@127.0.0.1:{port}/nothing"
    samples = parse(run_python(code, METRICS_DIR=str(tmp_path), DATABASE_URL=nowhere).stdout)
    assert value(samples, "apron_test_total", who="me") == 1
    assert value(samples, "apron_database_up") == 0
    parts = {dict(labels)["part"]: up for (name, labels), up in samples.items() if name == "apron_metrics_part_up"}
    assert {part for part, up in parts.items() if up} == {"processes", "config.monitoring.disk"}
    assert value(samples, "apron_disk_free_bytes", folder="TMPDIR") > 0
    assert len(parts) > 5
