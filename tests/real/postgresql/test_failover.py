"""The primary dies under load and its standby takes over: nothing acknowledged is lost, and all goes on by itself."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.fakes.faulty import wait_until
from tests.fakes.kafka_reader import read_topic
from tests.real.postgresql.load import Apron, Data, Deliveries, Imports, Jobs, Work, apron
from tests.real.postgresql.servers import Server, new_folder

RECOVERY_SECONDS = 30.0
BEFORE_SECONDS, PROMOTED_AFTER_SECONDS, SETTLING_SECONDS, AFTER_SECONDS = 8.0, 3.0, 10.0, 10.0
ANSWERS = {"200", "201", "202", "409"}
QUERY = "?target_session_attrs=read-write"
NAMESPACE = "apron-primary"
HERE, THERE = "10.213.77.1", "10.213.77.2"
# What each process has to have done after the standby was promoted, as its rows tell. The parameter is that moment.
GONE_ON = {
    "web": "SELECT 1 FROM data_entries WHERE created_at > {since}",
    "relay": "SELECT 1 FROM data_entries WHERE created_at > {since} AND published_at IS NOT NULL",
    "supervisor": "SELECT 1 FROM config_workerheartbeat WHERE beat_at > {since}",
    "cluster, imports": "SELECT 1 FROM inflight_importrun WHERE started_at > {since} AND status = 'completed'"
    " AND started_at > created_at",  # the web process's own begin before their row is made
    "cluster, deliveries": "SELECT 1 FROM inflight_deliverybatch WHERE acknowledged_at > {since}",
    "runner": "SELECT 1 FROM compute_job WHERE started_at > {since} AND status = 'done'",
}


class Pair:
    """A primary, and a standby which has each commit before it is acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.primary, self.standby = Server(folder / "primary"), Server(folder / "standby")

    def start(self) -> None:
        """Start both, and from then on let no commit be acknowledged that the standby has not."""
        self.primary.initialize()
        self.primary.start()
        self.primary.execute("CREATE DATABASE apron")
        self.standby.follow(self.primary)
        self.standby.start()
        self.primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.execute("SELECT pg_reload_conf()")
        is_synchronous = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
        wait_until(lambda: self.primary.execute(is_synchronous), what="synchronous replication")

    @property
    def url(self) -> str:
        """DATABASE_URL with both hosts, of which the one counts that takes writes."""
        return f"postgres://postgres:@{self.primary.address},{self.standby.address}/apron{QUERY}"

    def lose_primary(self) -> None:
        """Kill it."""
        self.primary.kill()

    def close(self) -> None:
        """End both."""
        self.primary.kill()
        self.standby.kill()


class PairInNetworks(Pair):
    """The primary is a machine of its own, as far as the network goes, which can fall silent."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.primary.host = THERE
        self.primary.run_in(NAMESPACE)
        for command in (
            f"ip netns add {NAMESPACE}",
            f"ip link add apron0 type veth peer name apron1 netns {NAMESPACE}",
            f"ip addr add {HERE}/24 dev apron0",
            "ip link set apron0 up",
            f"ip -n {NAMESPACE} addr add {THERE}/24 dev apron1",
            f"ip -n {NAMESPACE} link set apron1 up",
        ):
            subprocess.run(command.split(), check=True, timeout=20)

    def lose_primary(self) -> None:
        """Have nothing that it sends arrive: no connection is closed, none is refused."""
        command = f"ip -n {NAMESPACE} route add blackhole {HERE}/32"
        subprocess.run(command.split(), check=True, timeout=20)

    def close(self) -> None:
        super().close()
        subprocess.run(
            ["ip", "link", "delete", "apron0"], check=False, timeout=20
        )  # sockets may keep the namespace for a while
        subprocess.run(["ip", "netns", "delete", NAMESPACE], check=True, timeout=20)


@contextmanager
def running_apron(pair_of: Callable[[Path], Pair]) -> Iterator[tuple[Pair, Apron]]:
    with ExitStack() as stack:
        folder = stack.enter_context(new_folder("failover"))
        pair = pair_of(folder)
        stack.callback(pair.close)
        pair.start()
        (folder / "apron").mkdir()
        system = stack.enter_context(apron(pair.url, folder / "apron"))
        system.start_all()
        yield pair, system


def fail_over(pair: Pair, system: Apron, work: list[Work]) -> dict[str, float]:
    """Lose the primary in the middle of the work; return how many seconds after the promotion each process had gone on."""
    for each in work:
        each.start()
    time.sleep(BEFORE_SECONDS)
    pair.lose_primary()
    time.sleep(PROMOTED_AFTER_SECONDS)  # whoever looks after the servers takes a while to be sure
    pair.standby.promote()
    promoted = time.monotonic()
    since = f"'{pair.standby.execute('SELECT clock_timestamp()')[0][0]}'"
    seconds: dict[str, float] = {}

    def look() -> bool:
        for process in GONE_ON.keys() - seconds.keys():
            if pair.standby.execute(GONE_ON[process].format(since=since) + " LIMIT 1", "apron"):
                seconds[process] = round(time.monotonic() - promoted, 1)
        return seconds.keys() == GONE_ON.keys()

    try:
        wait_until(look, seconds=2 * RECOVERY_SECONDS, what="all going on")
    except AssertionError:
        raise AssertionError(f"only these went on: {seconds}") from None
    time.sleep(SETTLING_SECONDS)  # requests that were under way at the end of the primary come to their own
    failures = failures_of(work)
    time.sleep(AFTER_SECONDS)
    for each in work:
        each.stop()
    assert failures_of(work) == failures, "all goes on as before, though a host is gone"
    return seconds


def failures_of(work: list[Work]) -> int:
    return sum(count for each in work for outcome, count in each.outcomes.items() if outcome not in ANSWERS)


def settle(system: Apron) -> None:
    """Wait until all that was accepted has come to its end."""

    def is_settled(path: str, *open_states: str) -> bool:
        return all(each["status"] not in open_states for each in system.read(path))

    wait_until(lambda: is_settled("imports", "queued", "running"), seconds=60, what="the imports' end")
    assert system.post("send-customers", {"only": "changed"}, later=True).ok
    wait_until(
        lambda: is_settled("deliveries", "preparing", "sending", "waiting"), seconds=60, what="the deliveries' end"
    )
    wait_until(lambda: is_settled("compute/jobs", "queued", "running"), seconds=60, what="the jobs' end")


@pytest.mark.timeout(400)
@pytest.mark.parametrize("pair_of", [Pair, PairInNetworks], ids=["killed", "silent"])
def test_nothing_acknowledged_is_lost_and_each_process_goes_on_by_itself(
    pair_of: Callable[[Path], Pair], capsys: pytest.CaptureFixture[str]
) -> None:
    with running_apron(pair_of) as (pair, system):
        data, imports = [Data(system, 0.1) for _ in range(8)], Imports(system, 0.5)
        deliveries, jobs = Deliveries(system, 1.0), Jobs(system, 0.3)
        work: list[Work] = [*data, imports, deliveries, jobs]
        seconds = fail_over(pair, system, work)
        settle(system)
        with capsys.disabled():
            outcomes = {type(each).__name__: dict(each.outcomes) for each in (data[0], imports, deliveries, jobs)}
            print(f"\nfailover: seconds until each had gone on {seconds}; answers {outcomes}")  # noqa: T201

        rows = dict(pair.standby.execute("SELECT id, content #>> '{}' FROM data_entries", "apron"))
        told = {entry_id: content for each in data for entry_id, content in each.told.items()}
        assert told.items() <= rows.items()
        wait_until(
            lambda: not pair.standby.execute("SELECT 1 FROM data_entries WHERE published_at IS NULL", "apron"),
            seconds=30,
            what="the relay",
        )
        records = read_topic([system.kafka.address], "data_topic")
        assert {record.entry_id: record.json()["content"] for record in records} == rows

        assert {system.read(address)["status"] for address in imports.told} == {"completed"}
        customers = {row[0] for row in pair.standby.execute("SELECT customer_id FROM inflight_customer", "apron")}
        wanted = {f"{name}-{number}" for name in imports.told.values() for number in range(20)}
        assert wanted <= customers

        assert {system.read(address)["status"] for address in deliveries.told} == {"delivered"}
        sent = [customer["last_name"] for customer in system.partner.customers]
        assert sorted(sent) == sorted(customers)

        assert {system.read(address)["status"] for address in jobs.told} == {"done"}
        assert [process.poll() for process in system.running] == [None] * 3
        assert max(seconds.values()) < RECOVERY_SECONDS
