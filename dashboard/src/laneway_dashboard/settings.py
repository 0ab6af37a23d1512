"""What an installation says of its dashboard: parsed at start, passed in."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from laneway.schema.shared.names import DASHBOARD_VARIABLES
from laneway_dashboard.ports.visitors import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN = DASHBOARD_VARIABLES
PORT = 11436  # one above the gateway's
MODES = ("link", "cluster")
MOST_HOSTS = 20
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where kubelet puts it."""
SERVER = ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")
"""Kubernetes' own variables, in each pod."""
MOST_POOLS = 50


class SettingsError(Exception):
    """A variable can't be used; the message names it and says what it takes."""


@dataclass(frozen=True)
class InCluster:
    """Of a dashboard that people of a cluster come to."""

    server: str
    """The API server."""
    hosts: frozenset[str]
    """Values of `Host` by which it is reached, beside those of this machine."""
    namespaces: tuple[str, ...] = ()
    """Those whose pools are shown; none for all."""
    account: Path = ACCOUNT
    """The folder of the dashboard's own token, and of the API server's certificates."""


@dataclass(frozen=True)
class Settings:
    """All of them."""

    pools: tuple[str | None, ...]
    """`s3://bucket/prefix`, or a state folder of `laneway up`; None: where the client looks by itself."""
    port: int | None
    """None: `PORT`, or a free one where that is taken."""
    role: Role
    """Of whoever has the link."""
    state: Path
    """Where actions are kept."""
    up_state: Path | None
    """The state folder of the `laneway up` that started it."""
    tables: tuple[Path, ...]
    """Documents of projectors: each names its pool and where its rows are."""
    user: str
    """Who acts, for the audit lines."""
    cluster: InCluster | None = None
    """None: whoever has the link comes in."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Raises `SettingsError`."""
    pools = tuple(each for each in (environment.get(f"{OWN}POOLS") or "").splitlines() if each)
    if len(pools) > MOST_POOLS:
        raise SettingsError(f"{OWN}POOLS should name at most {MOST_POOLS} pools, each on a line")
    up_state, cluster = environment.get(f"{OWN}UP_STATE"), _cluster(environment)
    return Settings(
        pools=pools or (None,),
        port=_port(environment.get(f"{OWN}PORT")),
        role=_role(environment.get(f"{OWN}ROLE") or Role.OPERATOR.value),
        state=Path(environment.get(f"{OWN}STATE") or _default_state(environment)),
        up_state=Path(up_state) if up_state else None,
        tables=tuple(Path(each) for each in (environment.get(f"{OWN}TABLES") or "").splitlines() if each),
        user=_user(),
        cluster=cluster,
    )


def _cluster(environment: Mapping[str, str]) -> InCluster | None:
    mode = environment.get(f"{OWN}MODE") or MODES[0]
    if mode not in MODES:
        raise SettingsError(f"{OWN}MODE should be {' or '.join(MODES)}")
    if mode != "cluster":
        return None
    hosts = frozenset(each.lower() for each in (environment.get(f"{OWN}HOSTS") or "").split())
    if len(hosts) > MOST_HOSTS:
        raise SettingsError(f"{OWN}HOSTS should name at most {MOST_HOSTS} hosts, such as dashboard.acme.example")
    namespaces = tuple((environment.get(f"{OWN}NAMESPACES") or "").split())
    account = Path(environment.get(f"{OWN}ACCOUNT") or ACCOUNT)
    host, port = (environment.get(each) for each in SERVER)
    if not host or not port:
        raise SettingsError(f"{OWN}MODE=cluster needs a pod of a cluster: there is no {' and '.join(SERVER)}")
    return InCluster(
        f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}", hosts, namespaces, account
    )


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 <= int(text) <= 65535):  # noqa: PLR2004 - TCP's ports
        raise SettingsError(f"{OWN}PORT should be a port, such as {PORT}; 0 takes a free one")
    return int(text)


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise SettingsError(f"{OWN}ROLE should be {' or '.join(Role)}") from None


def _default_state(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_STATE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".local/state") / "laneway/dashboard"
    except RuntimeError:
        raise SettingsError(f"{OWN}STATE should name a folder for actions: this account has no home") from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"  # a container's user may have no name
