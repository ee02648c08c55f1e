"""From a state URL to the store it names."""

from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from redis import Connection, RedisCluster, Sentinel, SSLConnection
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.exceptions import MovedError
from redis.retry import Retry

from idp.clock import Clock
from idp.storage.embedded import EmbeddedState
from idp.storage.redis import RedisState
from idp.storage.redis.connections import Connection as LineConnection
from idp.storage.redis.line import ClusterLine, Line, Node, ServerLine
from idp.storage.state import StateStore

# RESP2: we ask for strings, numbers and lists alone, for which RESP3 has nothing better but a longer greeting.
_TIMES: Final[dict[str, Any]] = {"socket_timeout": 1.0, "socket_connect_timeout": 0.5, "protocol": 2}
_REDIS_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379


def open_state(url: str, clock: Clock) -> StateStore:
    """The store that `IDP_STATE_URL` names. Nothing is connected yet: a store that is away shows at the first verb.

    * `sqlite:///var/state.sqlite` (relative), `sqlite:////srv/idp/state.sqlite` (absolute)
    * `redis://user:password@host:6379/0`
    * `redis+sentinel://user:password@host1:26379,host2:26379/service/0` (name and password are those of the master)
    * `redis+cluster://user:password@host1:6379,host2:6379`
    * the same three with `rediss` for TLS, and `?ca=/path/to/ca.pem` for an authority of one's own

    Raises `ValueError` for any other address; the message never quotes it, as it may hold a password.
    """
    parts = urlsplit(url)
    base, _, kind = parts.scheme.partition("+")
    if base == "sqlite" and not kind and not parts.netloc and len(parts.path) > 1:
        return EmbeddedState(unquote(parts.path[1:]), clock)
    if base in {"redis", "rediss"} and kind in _LINES and parts.hostname:
        return RedisState(_LINES[kind](parts))
    raise ValueError("a state address is sqlite:///path, redis://…, redis+sentinel://… or redis+cluster://…")


def _server(parts: SplitResult) -> ServerLine:
    hosts, tls = _hosts(parts, _REDIS_PORT), _tls(parts)
    if len(hosts) != 1:
        raise ValueError("a redis:// address names one host")
    settings = {"host": hosts[0][0], "port": hosts[0][1], "db": _database(parts.path[1:]), **_login(parts), **tls}
    settings.pop("ssl", None)
    kind: Any = SSLConnection if tls else Connection
    return ServerLine(lambda: kind(retry=_never(), **settings, **_TIMES))


def _sentinel(parts: SplitResult) -> ServerLine:
    service, _, database = parts.path[1:].partition("/")
    if not service:
        raise ValueError("a Sentinel address names the service: redis+sentinel://host:port/service/0")
    tls, open_sentinels = _tls(parts), cast("Any", Sentinel)
    sentinels = open_sentinels(_hosts(parts, _SENTINEL_PORT), sentinel_kwargs={"retry": _never(), **tls, **_TIMES})
    settings = {"db": _database(database), **_login(parts), **tls, **_TIMES}
    pool = sentinels.master_for(unquote(service), retry=_never(), **settings).connection_pool
    # The pool finds the master anew for each connection that is made.
    return ServerLine(lambda: pool.connection_class(**pool.connection_kwargs))


def _cluster(parts: SplitResult) -> ClusterLine:
    if parts.path not in {"", "/", "/0"}:
        raise ValueError("a Redis Cluster has database 0 alone")
    hosts, settings = _hosts(parts, _REDIS_PORT), {**_login(parts), **_tls(parts), **_TIMES}
    return ClusterLine(lambda: _Cluster(hosts, settings))


class _Cluster:
    """redis-py's client of a cluster, with the little that a line needs of it."""

    def __init__(self, hosts: list[tuple[str, int]], settings: dict[str, Any]) -> None:
        node, client = cast("Any", ClusterNode), cast("Any", RedisCluster)
        self._client = client(startup_nodes=[node(*place) for place in hosts], retry=Retry(NoBackoff(), 1), **settings)
        self.keyslot = self._client.keyslot
        self.node_of = self._client.nodes_manager.get_node_from_slot
        self.close = self._client.close

    def learn(self, error: Exception) -> None:
        """Where the slots are: what a node said of one that moved, else what the cluster says of all."""
        if isinstance(error, MovedError):
            self._client.nodes_manager.move_slot(error)
        else:
            self._client.nodes_manager.initialize()

    def connection_to(self, node: Node) -> LineConnection:
        pool = self._client.get_redis_connection(node).connection_pool
        connection: LineConnection = pool.connection_class(**pool.connection_kwargs)
        return connection


_LINES: Final[dict[str, Callable[[SplitResult], Line]]] = {"": _server, "sentinel": _sentinel, "cluster": _cluster}


def _never() -> Retry:
    """The one retry is the line's: redis-py's ten would hold a request for most of a minute."""
    return Retry(NoBackoff(), 0)


def _hosts(parts: SplitResult, default_port: int) -> list[tuple[str, int]]:
    """`host1:port1,host2`, after any user and password."""
    hosts = []
    for item in parts.netloc.rpartition("@")[2].split(","):
        place = urlsplit(f"//{item}")
        if not place.hostname:
            raise ValueError("a state address names a host before each comma")
        hosts.append((place.hostname, place.port or default_port))
    return hosts


def _login(parts: SplitResult) -> dict[str, str]:
    user, colon, password = parts.netloc.rpartition("@")[0].partition(":")
    login = {"username": unquote(user)} if user else {}
    return {**login, "password": unquote(password)} if colon else login


def _tls(parts: SplitResult) -> dict[str, Any]:
    options = parse_qs(parts.query, strict_parsing=bool(parts.query))
    tls = parts.scheme.startswith("rediss")
    if options.keys() - ({"ca"} if tls else set()):
        raise ValueError("a state address has an option that is not understood")
    if not tls:
        return {}
    return {"ssl": True, **({"ssl_ca_certs": options["ca"][0]} if "ca" in options else {})}


def _database(text: str) -> int:
    if text and not text.isdecimal():
        raise ValueError("the database of a state address is a number")
    return int(text or 0)
