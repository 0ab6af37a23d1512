"""How much memory a lane's model takes, and how much its Ollama may take of a node: estimates. Pure.

Weights as downloaded and a tenth more, the context's cache, and what the engine takes for itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.pool.pods.quantity import thousandths
from laneway.schema.shared.names import tagged

if TYPE_CHECKING:
    from laneway.schema.pool.lane import Lane, Model
    from laneway.schema.pool.profile import ExtendedResource

MIB, GIB = 2**20, 2**30
DOWNLOAD_GB = {
    "gemma3:270m": 0.291,
    "gemma3:1b": 0.815,
    "gemma3:4b": 3.3,
    "gemma3:12b": 8.1,
    "gemma3:27b": 17.0,
    "gemma3n:e2b": 5.6,
    "gemma4:e4b": 9.6,
    "gemma4:latest": 9.6,
    "gemma4:26b": 18.0,
}
"""Tags and their sizes on https://ollama.com/library, in 2026."""
GB_PER_BILLION = {"q8_0": 1.1, "fp16": 2.0, "bf16": 2.0, "f16": 2.0}
"""A parameter of a quantisation, as tags end; two bytes of 16 bits, and one and its scales of eight."""
GB_PER_BILLION_ELSE = 0.7  # of the tags above 0.63 to 0.83: four bits, and some layers in more
PARAMETERS = re.compile(r"(?:^|[:-])(\d+(?:\.\d+)?)([bm])(?=$|-)")
OVERHEAD = 1.1  # of weights in memory over weights on disk
CACHE_BYTES = 13_000  # a token and GB of weights: gemma3:27b takes 22.5 GiB with 20,480 (ollama issue 9678)
CACHE_SHARE = {"f16": 1.0, "q8_0": 8.5 / 16, "q4_0": 4.5 / 16}
"""Bits of a number by `OLLAMA_KV_CACHE_TYPE`, with the scale of each block of 32, over 16."""
ENGINE_GIB = 1.0


@dataclass(frozen=True)
class Fit:
    """One lane, in GiB."""

    lane: str
    model: str
    weights: float | None
    """Nothing where the model's size is not known."""
    cache: float
    tokens: int
    """Of context, all parallel requests together."""
    memory: float | None
    """Of the accelerator; nothing where the profile says none."""

    @property
    def needed(self) -> float | None:
        """All together."""
        return None if self.weights is None else self.weights + self.cache + ENGINE_GIB


def fit(lane: Lane, model: Model, device: ExtendedResource | None, cache: str = "f16") -> Fit:
    """A lane's."""
    size, tokens = download_gb(model.name), model.context_length * lane.parallel
    memory = device.memory_bytes * device.count / GIB if device and device.memory_bytes else None
    return Fit(
        lane=lane.name,
        model=model.name,
        weights=None if size is None else size * OVERHEAD * 1e9 / GIB,
        cache=(size or 0.0) * CACHE_BYTES * CACHE_SHARE[cache] * tokens / GIB,
        tokens=tokens,
        memory=memory,
    )


def download_gb(model: str) -> float | None:
    """A model's size: of the table, or from the parameters in its tag; None where neither tells."""
    if tagged(model) in DOWNLOAD_GB:
        return DOWNLOAD_GB[tagged(model)]
    tag = model.rpartition("/")[2].lower()
    found = PARAMETERS.search(tag)
    if found is None:
        return None
    billions = float(found[1]) / (1000 if found[2] == "m" else 1)
    each = next((size for ending, size in GB_PER_BILLION.items() if tag.endswith(ending)), GB_PER_BILLION_ELSE)
    return billions * each


STEPS = tuple(sorted({1, 2, *(part << power for power in range(13) for part in (3, 4))}))
"""GiB: 1, 2, 3, 4, 6, 8, 12, 16 and so on. What a pod says of memory and disk goes by these, since another number
replaces workers: a better estimate leaves most of them.
"""


def coarse_gib(gib: float) -> int:
    """The step that holds so much."""
    return next((step for step in STEPS if step >= gib), STEPS[-1])


TIMES_NEEDED = 2
"""The node's memory holds weights twice at worst: as pages of the file that was pulled, and as loaded on a CPU. Both
count to the container, and Ollama takes what is free for the limit less both.
"""
LEAST_LIMIT_GIB = 4  # a server, CUDA's own memory, and images as they are decoded
UNKNOWN_LIMIT_GIB = 64  # of a model whose size its name doesn't tell: stops a runaway on a large node only


def limit_gib(each: Fit) -> int:
    """What Ollama may take of its node's memory, where the lane doesn't say. It is more than any answer takes: it keeps
    a runaway from the node's other pods, and asks for no room.
    """
    wanted = UNKNOWN_LIMIT_GIB if each.needed is None else TIMES_NEEDED * each.needed
    return coarse_gib(max(wanted, each.memory or 0, LEAST_LIMIT_GIB))


BESIDE_GIB = 2  # a server, CUDA's own memory, prompts of ended answers: an estimate


def request_gib(each: Fit, *, on_device: bool) -> int | None:
    """What Ollama asks for of its node's memory, where the lane doesn't say; None where nothing is known. Weights that
    are on their way into an accelerator pass through pages that the kernel takes back.
    """
    if each.needed is None:
        return None
    held = each.needed if each.memory is None else each.memory
    return coarse_gib(max(each.needed - held, 0) + BESIDE_GIB if on_device else each.needed)


CACHE_OF_LIMIT = 8
"""The part of Ollama's memory limit that prompts of ended answers may take: llama-server (Ollama from 0.30 on) keeps
them to begin the next alike one sooner, and Ollama's own reckoning of memory has them nowhere (ollama issue 18264).
"""
MOST_CACHE_MIB = 8192  # what llama-server takes where nobody says


def prompt_cache_mib(limit: str) -> int:
    """How much of its memory limit, a quantity, llama-server may keep prompts in."""
    return min(MOST_CACHE_MIB, thousandths(limit) // 1000 // CACHE_OF_LIMIT // MIB)


VERSIONS_KEPT = 2  # a tag that was moved is pulled beside its old blobs, which nothing prunes
SPARE_GIB = 8
UNKNOWN_FOLDER_GIB = 256  # above all that Ollama's library had in 2026 without its size in the name


def folder_gib(model: str) -> int:
    """How large the folder may grow into which a model is pulled; a pod whose folder is larger is evicted."""
    size = download_gb(model)
    return UNKNOWN_FOLDER_GIB if size is None else coarse_gib(VERSIONS_KEPT * size * 1e9 / GIB + SPARE_GIB)


HOME_GIB = 2  # CUDA's cache of kernels and what else Ollama writes


def storage_gib(model: str) -> int | None:
    """What a pod that pulls its model asks for of its node's disk; None where the model's size is not known."""
    size = download_gb(model)
    return None if size is None else coarse_gib(size * 1e9 / GIB + HOME_GIB)
