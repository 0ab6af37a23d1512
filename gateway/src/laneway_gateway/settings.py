"""What the gateway is told by its environment: one frozen object, read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from laneway.schema.job.reply import REPLIES_PORT
from laneway.schema.pool.gateway import GatewayLanes
from laneway.schema.shared.base import duration_seconds, duration_text, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_PORT = 65535
MOST_HELD = 100_000  # requests; some 25 kB of a held stream each
MEBIBYTE = 1024 * 1024
LEAST_MEMORY, MOST_MEMORY = 160, 1_000_000  # MiB; with less the largest body would find no room in what is left
SHARE = 4  # of the memory, a quarter is for what requests and answers say; the rest is the program's, and a margin
SHORTEST_EDGE_IDLE = 10  # s: below it no answer that is sent whole has time
ASKED = tuple(GatewayLanes.model_fields)
"""What may be asked for, and have a lane."""
LONGEST = 7 * 24 * 3600  # s


class SettingsError(Exception):
    """A setting that can't be used; the message names its variable."""


class Address(NamedTuple):
    """Where something listens."""

    host: str
    """An IP literal, without brackets."""
    port: int
    """0: any that is free."""

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ip_address(self.host).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


DEFAULT_LISTEN = Address("127.0.0.1", 11435)  # one above Ollama's own


@dataclass(frozen=True)
class Settings:
    """Everything that the process is told, but for boto3's own variables."""

    pool: str
    """`s3://bucket/prefix`, or the folder of a `connection.json`."""
    keys: Path | None = None
    """The keys file; without one the doors are on loopback, and whoever reaches them may use them."""
    listen: Address = DEFAULT_LISTEN
    """Where the doors are."""
    address: str = "127.0.0.1"
    """The IP address by which workers reach this process, and at which it takes their streams."""
    replies_port: int = REPLIES_PORT
    """The port for them; 0: any."""
    probes: Address | None = None
    """Where `/healthz`, `/readyz` and `/metrics` are."""
    edge_idle_seconds: int = 60
    """After how many seconds without a byte the load balancer before the doors cuts a connection."""
    max_wait_seconds: int | None = None
    """Who would wait longer for a worker is refused at once."""
    max_held: int = 1000
    """How many requests the process holds at once."""
    memory: int = 512
    """MiB: how much the process may use in all."""
    drain_seconds: int = 30
    """How long streams go on after SIGTERM."""
    lanes_for: Mapping[str, str] = field(default_factory=dict)
    """What a request asks for, `flex`, `priority` or `tasks` → its lane."""
    anonymous_catalogue: bool = False
    """Whether models and version are told to whoever has no key."""

    @property
    def most_bytes(self) -> int:
        """How many bytes of memory what requests and answers say may take."""
        return max(self.memory, LEAST_MEMORY) * MEBIBYTE // SHARE


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Parse the variables; one that is there and empty is as if left out. Raises `SettingsError`."""
    found = {each.field: each.read(environment[each.name]) for each in VARIABLES if environment.get(each.name)}
    if "pool" not in found:
        raise SettingsError("LANEWAY_POOL is not set: name the pool with s3://bucket/prefix")
    settings = Settings(**found)
    if settings.keys is None and not settings.listen.loopback:
        raise SettingsError(
            f"LANEWAY_GATEWAY_LISTEN is {settings.listen}, and there are no keys: whoever reaches it could use the "
            "pool. Name a keys file with LANEWAY_GATEWAY_KEYS (`laneway keys new NAME` prints its entries), or listen "
            "on 127.0.0.1"
        )
    return settings


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    inner = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        ip = ip_address(inner)
        number = _within(0, MOST_PORT)(port)
    except ValueError:
        colon = ""
    if not colon or (ip.version == 6) != (inner != host):  # noqa: PLR2004 - an IPv6 address stands in brackets
        raise ValueError("should be an IP address and a port, such as 127.0.0.1:11435 or [::]:8000")
    return Address(str(ip), number)


def _reachable(text: str) -> str:
    """The rule by which workers take it, but for loopback: who serves one machine is reached there."""
    try:
        ip = ip_address(text)
    except ValueError:
        raise ValueError("should be the IP address of this pod or machine, such as 10.0.12.7") from None
    if ip.is_unspecified or ip.is_multicast or ip.is_link_local:
        raise ValueError("should be an address by which workers reach this pod or machine, such as 10.0.12.7")
    return str(ip)


def _within(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not least <= int(text[:9]) <= most:
            raise ValueError(f"should be a whole number from {least} to {most}")
        return int(text)

    return read


def _lasting(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        seconds = duration_seconds(text)
        if not least <= seconds <= LONGEST:
            raise ValueError(f"should be from {duration_text(least)} to {duration_text(LONGEST)}")
        return seconds

    return read


def _lanes(text: str) -> dict[str, str]:
    found = dict(each.strip().partition("=")[::2] for each in text.split(","))
    if not all(found.values()) or not found.keys() <= set(ASKED):
        raise ValueError(f"should be lanes for {', '.join(ASKED)}, such as flex=slow,tasks=slow")
    return found


def _switch(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("should be true or false")
    return text == "true"


@dataclass(frozen=True)
class Variable:
    """A variable of the environment."""

    name: str
    field: str
    """Of `Settings`."""
    parse: Callable[[str], Any]
    """Raises ValueError, which says what is expected."""
    default: str
    """As one writes it."""
    text: str
    """For the reference page."""

    def read(self, text: str) -> Any:
        """The value; raises `SettingsError`."""
        try:
            return self.parse(text.strip())
        except ValueError as error:
            raise SettingsError(f"{self.name} {error}, not {shown(text)!r}") from None


VARIABLES = (
    Variable("LANEWAY_POOL", "pool", str, "", "the pool: `s3://bucket/prefix`; the only one that is needed"),
    Variable(
        "LANEWAY_GATEWAY_KEYS",
        "keys",
        Path,
        "",
        "the keys file; without one the doors are for this machine alone, and need no key",
    ),
    Variable(
        "LANEWAY_GATEWAY_LISTEN",
        "listen",
        _address,
        "127.0.0.1:11435",
        "address and port of the doors; without keys the address has to be a loopback one",
    ),
    Variable(
        "LANEWAY_GATEWAY_ADDRESS",
        "address",
        _reachable,
        "127.0.0.1",
        "the IP address by which workers reach this process: in a pod its own",
    ),
    Variable(
        "LANEWAY_GATEWAY_REPLIES_PORT",
        "replies_port",
        _within(0, MOST_PORT),
        str(REPLIES_PORT),
        "the port there, to which workers stream; those of clusters know no other one. 0: any that is free",
    ),
    Variable(
        "LANEWAY_GATEWAY_PROBES",
        "probes",
        _address,
        "",
        "address and port of `/healthz`, `/readyz` and `/metrics`; without it there are none",
    ),
    Variable(
        "LANEWAY_GATEWAY_EDGE_IDLE_TIMEOUT",
        "edge_idle_seconds",
        _lasting(SHORTEST_EDGE_IDLE),
        "60s",
        "after how long without a byte the load balancer before the doors cuts a connection",
    ),
    Variable(
        "LANEWAY_GATEWAY_MAX_WAIT",
        "max_wait_seconds",
        _lasting(1),
        "",
        "whoever would wait longer for a worker is refused at once; without it nobody is",
    ),
    Variable(
        "LANEWAY_GATEWAY_LANES",
        "lanes_for",
        _lanes,
        "",
        "lanes for OpenAI's `service_tier` and for tasks, such as `flex=slow,priority=fast,tasks=slow`",
    ),
    Variable(
        "LANEWAY_GATEWAY_MAX_HELD",
        "max_held",
        _within(1, MOST_HELD),
        "1000",
        "how many requests the process holds at once",
    ),
    Variable(
        "LANEWAY_GATEWAY_MEMORY",
        "memory",
        _within(1, MOST_MEMORY),
        "512",
        "how many MiB of memory the process may use, a quarter of it for bodies of requests and for answers; less "
        "than 160 is taken for 160. In a pod that the operator makes it is the memory limit",
    ),
    Variable(
        "LANEWAY_GATEWAY_DRAIN",
        "drain_seconds",
        _lasting(0),
        "30s",
        "how long held requests may go on after SIGTERM; their jobs live on in any case",
    ),
    Variable(
        "LANEWAY_GATEWAY_ANONYMOUS_CATALOGUE",
        "anonymous_catalogue",
        _switch,
        "false",
        "whether models and version are told to whoever has no key",
    ),
)
"""All of them, but for boto3's own."""
