"""Composition root: builds the operator from its settings and runs it."""

from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import kopf
import yaml

from laneway_operator.cluster import connect
from laneway_operator.handlers import register, snapshot
from laneway_operator.profiles import parse_profiles
from laneway_operator.queues import SQSQueues
from laneway_operator.reconcile import Reconciler
from laneway_operator.runner import THREADS, Runner
from laneway_operator.settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from laneway_operator.profiles import Profile
    from laneway_operator.settings import Settings


def run(settings: Settings) -> None:
    """Serve until SIGTERM."""
    reconciler = Reconciler(
        settings,
        read_profiles(settings.profiles),
        connect(THREADS),
        SQSQueues(settings.endpoint),
        lambda: datetime.now(UTC),
    )
    configure_logging(settings.log_level)
    registry = kopf.OperatorRegistry()
    register(registry, Runner(reconciler, snapshot))
    kopf.run(
        registry=registry,
        clusterwide=True,
        liveness_endpoint=f"http://{settings.health_address}/healthz",
        # without it kopf asks for the user's name, and the image's user has none
        identity=socket.gethostname(),  # type: ignore[arg-type] # because kopf's name for this string is private
    )


def configure_logging(level: str) -> None:
    """JSON lines from a level on."""
    kopf.configure(log_format=kopf.LogFormat.JSON)
    least = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger().setLevel(least)
    for library in ("aiohttp.access", "botocore", "kopf"):  # they tell of every probe, credential and event
        logging.getLogger(library).setLevel(max(least, logging.WARNING))


def read_profiles(path: Path) -> dict[str, Profile]:
    """The placement profiles of the chart's ConfigMap; raises `SettingsError`."""
    try:
        return parse_profiles(yaml.safe_load(path.read_bytes()))
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"{path} can't be read: {error}") from error
