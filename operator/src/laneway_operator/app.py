"""Composition root: builds the operator from its settings and runs it."""

from __future__ import annotations

import logging
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import kopf

from laneway.schema.shared.yaml_text import NOT_YAML, bad_yaml, read_yaml
from laneway_operator.cluster.api_server import connect
from laneway_operator.cluster.kubernetes import KubernetesCluster
from laneway_operator.engines import with_values
from laneway_operator.health.http import Health, serve
from laneway_operator.health.metrics import Metrics
from laneway_operator.health.vitals import Vitals, unready
from laneway_operator.known.world import UNGATED, WATCHED
from laneway_operator.leader.kubernetes import KubernetesLease
from laneway_operator.leader.leader import Leader
from laneway_operator.queues.sqs import SQSQueues
from laneway_operator.reconcile.one_pass import Reconciler
from laneway_operator.reconcile.runner import THREADS, Runner
from laneway_operator.settings import SettingsError
from laneway_operator.watch.handlers import kopf_settings, register
from laneway_operator.watch.watches import Watches

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from http.server import ThreadingHTTPServer
    from pathlib import Path

    from laneway_operator.cluster.port import Cluster
    from laneway_operator.settings import Settings


class Beside:
    """What runs beside kopf, as long as it does: the election, and the pages of health and metrics."""

    def __init__(self, settings: Settings, leader: Leader, runner: Runner, health: Health) -> None:
        """Nothing runs before `start`."""
        self._address = settings.health_address
        self._leader = leader
        self._runner = runner
        self._health = health
        self._server: ThreadingHTTPServer | None = None

    def start(self, loop: AbstractEventLoop) -> None:
        """Listen, and ask for the Lease."""
        self._server = serve(self._health, self._address)
        self._leader.start(partial(loop.call_soon_threadsafe, self._runner.lead))

    def stop(self) -> None:
        """Give the Lease back."""
        self._leader.leave()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def run(settings: Settings) -> None:
    """Serve until SIGTERM."""
    configure_logging(settings.log_level)
    metrics = Metrics()
    api = connect(THREADS + 1, metrics.called)
    name = settings.pod_name or f"{socket.gethostname()}-{token_hex(4)}"
    leader = Leader(KubernetesLease(api, *settings.lease), name, time.monotonic, _now)
    reconciler = _reconciler(settings, KubernetesCluster(api, leader.seconds_left))
    runner = Runner(reconciler, lambda: leader.leads, metrics, settings.rollouts)
    watches = Watches(metrics.called, time.monotonic)
    vitals = Vitals(runner.silent_seconds, leader.silent_seconds, runner.stuck_seconds, watches.silences)
    _measure(metrics, leader, runner, watches)
    registry = kopf.OperatorRegistry()
    health = Health(vitals.stalled, partial(_unready, leader, runner, watches), metrics.text)
    beside = Beside(settings, leader, runner, health)
    register(registry, runner, watches, beside, WATCHED if settings.gateways else UNGATED)
    kopf.run(
        registry=registry,
        settings=kopf_settings(namespaced=bool(settings.namespaces)),
        clusterwide=not settings.namespaces,
        namespaces=settings.namespaces,
        # without it kopf asks for the user's name, and the image's user has none
        identity=name,  # type: ignore[arg-type] # because kopf's name for this string is private
    )


def configure_logging(level: str) -> None:
    """JSON lines from a level on."""
    kopf.configure(log_format=kopf.LogFormat.JSON)
    least = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger().setLevel(least)
    for library in ("aiohttp.access", "botocore", "kopf"):  # they tell of every probe, credential and event
        logging.getLogger(library).setLevel(max(least, logging.WARNING))


def _reconciler(settings: Settings, cluster: Cluster) -> Reconciler:
    return Reconciler(settings, cluster, SQSQueues(settings.endpoint), _now)


def _now() -> datetime:
    return datetime.now(UTC)


def _unready(leader: Leader, runner: Runner, watches: Watches) -> str:
    return unready(watches.missing(), whole=runner.is_whole, leader_known=leader.is_known)


def _measure(metrics: Metrics, leader: Leader, runner: Runner, watches: Watches) -> None:
    metrics.watch_leader(lambda: leader.leads)
    metrics.watch_queue(lambda: runner.waiting()[0], lambda: runner.waiting()[1])
    metrics.watch_rollouts(lambda: runner.line.rolling, lambda: runner.line.waiting)
    metrics.watch_pools(lambda: runner.conditions)
    metrics.watch_silences(watches.silences, watches.refusals)


def add_engines(settings: Settings, path: Path) -> Settings:
    """With the engines of a file of Helm values laid over them; raises `SettingsError`."""
    try:
        return replace(settings, engines=with_values(settings.engines, _document(path)))
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from error


def _document(path: Path) -> Any:
    """The one document of a YAML file; None where it is empty."""
    try:
        documents = read_yaml(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}") from error
    except NOT_YAML as error:
        raise SettingsError(f"{path}: {bad_yaml(error)}") from error
    if len(documents) > 1:
        raise SettingsError(f"{path} should hold one document, without `---` inside")
    return documents[0] if documents else None
