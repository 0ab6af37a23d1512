"""The page of the figures: docs/reference/gateway-figures.md, whole."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from bench.worker.report import machine, text
from laneway.local.ollama.find import VERSION
from support.ollama.real import SMOLLM
from support.strangers.environments import PINS

if TYPE_CHECKING:
    from bench.worker.report import Report

LITELLM = "litellm[proxy]=="
INTRODUCTION = """\
# Figures of a gateway

`make bench-gateway` asks the same Ollama directly, through a gateway before a pool of `laneway up`, and through
LiteLLM's proxy, in turns. `make record-gateway` does so and writes this page. Figures are measured, never asserted.
What becomes of requests when processes are killed: [chaos](chaos.md#gateways).
"""


SHORT = "\n**A short run, to see that everything works: nothing to rely on.**"


def page(report: Report, *, short: bool) -> str:
    """Of one run; a short one says so."""
    return "\n".join([INTRODUCTION, _machine(), *([SHORT] if short else []), *map(text, report.tables)]) + "\n"


def _machine() -> str:
    found = machine()
    pins = (PINS / "litellm.in").read_text().splitlines()
    litellm = next(each.removeprefix(LITELLM) for each in pins if each.startswith(LITELLM))
    programs = f"Ollama {VERSION} with {SMOLLM}, LiteLLM {litellm}, boto3 {version('boto3')}, embedded AWS"
    return f"{found['cores']} cores, {found['memory']}, {programs}; all of it shares the cores."
