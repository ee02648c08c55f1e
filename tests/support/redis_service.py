"""Private Redis servers: one alone, which tests may kill and start again, one behind a Sentinel, three as a cluster."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.support.processes import Process, free_port, program, start, wait_until

SLOTS = 16_384
_QUIET = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", ""]


@dataclass
class RedisServer:
    """One redis-server without persistence: after `kill()` and `start()` it is empty, at the same address."""

    folder: Path
    port: int = field(default_factory=free_port)
    options: Sequence[str] = ()
    process: Process | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start and wait until it answers; nothing when it runs already."""
        if self.process and self.process.running():
            return
        binary = program("redis-server", package="redis-server")
        command = [binary, *self.options, "--port", str(self.port), "--dir", self.folder, *_QUIET]
        self.process = start(command, self.folder / f"{self.port}.log")
        wait_until(self._answers, self.process)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self.process:
            self.process.kill()

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def command(self, *words: str | int) -> object:
        with self.client() as client:
            return client.execute_command(*words)

    def client(self) -> "redis.Redis":
        return redis.Redis(host="127.0.0.1", port=self.port, decode_responses=True, socket_timeout=5)

    def _answers(self) -> bool:
        try:
            return bool(self.command("PING"))
        except redis.RedisError:
            return False


@contextlib.contextmanager
def redis_server() -> Iterator[RedisServer]:
    with _folder() as folder, _running(RedisServer(folder)) as server:
        yield server


@contextlib.contextmanager
def redis_sentinel() -> Iterator[str]:
    """One master and one Sentinel; yields `redis+sentinel://host:port/mymaster/0`."""
    with _folder() as folder, _running(RedisServer(folder)) as master:
        settings = folder / "sentinel.conf"
        settings.write_text(
            f"sentinel monitor mymaster 127.0.0.1 {master.port} 1\n"
            "sentinel down-after-milliseconds mymaster 1000\n"
            "sentinel failover-timeout mymaster 2000\n"
        )
        with _running(RedisServer(folder, options=[str(settings), "--sentinel"])) as sentinel:
            yield f"redis+sentinel://127.0.0.1:{sentinel.port}/mymaster/0"


@dataclass(frozen=True)
class Replicated:
    """A master and its replica behind one Sentinel."""

    url: str
    first: RedisServer
    second: RedisServer
    sentinel: RedisServer

    def master_port(self) -> int:
        """What the Sentinel says now."""
        with self.sentinel.client() as client:
            answer = client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")
        return int(answer[1])


@contextlib.contextmanager
def redis_replicated() -> Iterator[Replicated]:
    with _folder() as folder, contextlib.ExitStack() as stack:
        first = stack.enter_context(_running(RedisServer(folder)))
        options = ["--replicaof", "127.0.0.1", str(first.port), "--repl-diskless-sync-delay", "0"]
        second = stack.enter_context(_running(RedisServer(folder, options=options)))
        settings = folder / "sentinel.conf"
        settings.write_text(
            f"sentinel monitor mymaster 127.0.0.1 {first.port} 1\n"
            "sentinel down-after-milliseconds mymaster 500\n"
            "sentinel failover-timeout mymaster 2000\n"
        )
        sentinel = stack.enter_context(_running(RedisServer(folder, options=[str(settings), "--sentinel"])))
        assert sentinel.process
        wait_until(lambda: _sees_a_replica(sentinel, second), sentinel.process, seconds=30)
        url = f"redis+sentinel://127.0.0.1:{sentinel.port}/mymaster/0"
        yield Replicated(url, first, second, sentinel)


def _sees_a_replica(sentinel: RedisServer, replica: RedisServer) -> bool:
    with sentinel.client() as client, replica.client() as copy:
        known = client.execute_command("SENTINEL", "REPLICAS", "mymaster")
        return len(known) == 1 and copy.info("replication")["master_link_status"] == "up"


@contextlib.contextmanager
def redis_cluster() -> Iterator[str]:
    """Three masters that share all slots; yields `redis+cluster://host:port`."""
    with cluster_masters() as masters:
        yield f"redis+cluster://127.0.0.1:{masters[0].port}"


@contextlib.contextmanager
def cluster_masters() -> Iterator[Sequence[RedisServer]]:
    with _folder() as folder, contextlib.ExitStack() as stack:
        masters = [stack.enter_context(_running(_cluster_member(folder))) for _ in range(3)]
        _join(masters)
        for master in masters:
            assert master.process
            wait_until(lambda member=master: _whole(member), master.process)
        yield masters


def _cluster_member(folder: Path) -> RedisServer:
    port = free_port()
    options = ["--cluster-enabled", "yes", "--cluster-config-file", f"{port}.nodes", "--cluster-node-timeout", "3000"]
    return RedisServer(folder, port, [*options, "--cluster-port", str(free_port())])


def _join(masters: Sequence[RedisServer]) -> None:
    share = SLOTS // len(masters) + 1
    first = masters[0]
    for number, master in enumerate(masters):
        low, high = number * share, min((number + 1) * share, SLOTS) - 1
        master.command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        master.command("CLUSTER", "ADDSLOTSRANGE", low, high)
        master.command("CLUSTER", "MEET", "127.0.0.1", first.port, first.options[-1])


def _whole(member: RedisServer) -> bool:
    """Every slot is served, and this member knows all three: not before that is the cluster the same from all sides."""
    with redis.Redis(host="127.0.0.1", port=member.port, decode_responses=True) as client:
        facts = client.execute_command("CLUSTER INFO")
    return facts.get("cluster_state") == "ok" and facts.get("cluster_size") == "3"


@contextlib.contextmanager
def _running(server: RedisServer) -> Iterator[RedisServer]:
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="idp-redis-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
