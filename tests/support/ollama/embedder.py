"""A small model that embeds and does nothing else: SmolLM2 with one more fact in its file.

Ollama takes a model whose file names a pooling for an embedding model; from 0.30 on no other embeds.
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import hashlib
import json
import struct
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from pathlib import Path

EMBEDDER = "smollm2-embeds:135m"
HEADER = struct.Struct("<4sIQQ")  # magic, version, tensors, facts
UINT32, STRING = 4, 8
MEAN = 1  # llama.cpp's llama_pooling_type
ALIGNMENT = 32  # bytes; where tensors stand in the file must not change by anything else
MODEL_LAYER = "application/vnd.ollama.image.model"


def make_embedder(url: str, models: Path, origin: str) -> None:
    """Have Ollama make it of a model that it has, where it is missing."""
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
        there = http.get("/api/tags").raise_for_status().json()["models"]
        if any(each["name"] == EMBEDDER for each in there):
            return
        weights = pooled(weights_of(models, origin).read_bytes())
        digest = f"sha256:{hashlib.sha256(weights).hexdigest()}"
        http.post(f"/api/blobs/{digest}", content=weights).raise_for_status()
        body = {"model": EMBEDDER, "files": {"model.gguf": digest}, "parameters": {"num_thread": 1}, "stream": False}
        http.post("/api/create", json=body).raise_for_status()


def weights_of(models: Path, name: str) -> Path:
    """The file of a model's weights in a models folder."""
    manifest = models.joinpath("manifests", "registry.ollama.ai", "library", *name.split(":"))
    layers = json.loads(manifest.read_text())["layers"]
    digest = next(each["digest"] for each in layers if each["mediaType"] == MODEL_LAYER)
    return models / "blobs" / str(digest).replace(":", "-")


def pooled(weights: bytes) -> bytes:
    """A model's file with a pooling among its facts, and so much beside it that all else keeps its alignment."""
    magic, version, tensors, facts = HEADER.unpack_from(weights)
    pooling = _name("llama.pooling_type") + struct.pack("<II", UINT32, MEAN)
    filler = _name("general.filler") + struct.pack("<IQ", STRING, 0)
    missing = -(len(pooling) + len(filler)) % ALIGNMENT
    filler = filler[:-8] + struct.pack("<Q", missing) + b"." * missing
    return HEADER.pack(magic, version, tensors, facts + 2) + pooling + filler + weights[HEADER.size :]


def _name(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()
