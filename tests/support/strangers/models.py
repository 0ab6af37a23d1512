"""The models of the pool that strangers ask: small ones, by the names that their suites ask for."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from support.ollama.embedder import EMBEDDER
from support.ollama.real import ENGINES, GEMMA, SMOLLM, copy_model, ollama_files, ollama_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.ollama.real import OllamaServer

CHAT = "llama3.2:1b"
"""SmolLM2 by the name of the model that Ollama's own tests ask: chats, knows no tools."""
TOOLS = "llama3.2"
"""SmolLM2 with a template that has a place for tools: takes them, and calls none."""
EMBED = "all-minilm"
COMPLETE = GEMMA
"""Gemma's base model: completes, and so reads invoices by a schema."""
BRIEF = "smollm2:brief"
"""SmolLM2 for suites that ask a hundred times and read no word of the answers."""
MOST_TOKENS = 96  # an answer; two seconds of work for the one core that a model gets
FEW_TOKENS = 6
ONE_THREAD = {"num_thread": 1}
WITH_TOOLS = """\
{{- if .Tools }}<|im_start|>system
Tools: {{ .Tools }}<|im_end|>
{{ end }}{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""
LICENCE = "Apache License 2.0"


@dataclass(frozen=True)
class Named:
    """A model by another's name."""

    name: str
    origin: str
    fields: dict[str, Any]


_SHORT = ONE_THREAD | {"num_predict": MOST_TOKENS}
NAMED = (
    Named(CHAT, SMOLLM, {"parameters": _SHORT}),
    Named(TOOLS, SMOLLM, {"parameters": _SHORT, "template": WITH_TOOLS, "license": LICENCE}),
    Named(BRIEF, SMOLLM, {"parameters": ONE_THREAD | {"num_predict": FEW_TOKENS}}),
    Named(EMBED, EMBEDDER, {"parameters": ONE_THREAD}),
)


@contextmanager
def engine(folder: Path) -> Iterator[OllamaServer]:
    """An Ollama that serves them, whose models are below this folder."""
    models = folder / "models"
    for name in (GEMMA, SMOLLM, EMBEDDER):
        copy_model(ollama_files()[1], name, models)
    with ollama_on(models, folder, ENGINES[0]) as running:
        for each in NAMED:
            body = {"model": each.name, "from": each.origin, "stream": False, **each.fields}
            httpx.post(f"{running.url}/api/create", json=body, timeout=60, trust_env=False).raise_for_status()
        yield running


def cache_with_them(folder: Path) -> Path:
    """A cache for `laneway up` that has them: each lane gets its own Ollama, started anew where its worker asks."""
    cache = folder / "cache"
    cache.mkdir()
    with engine(cache):
        binary = ollama_files()[0]
    (cache / binary.parent.name).symlink_to(binary.parent)
    return cache
