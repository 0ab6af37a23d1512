"""Names for what goes wrong in Ollama, for logs and statuses: its own words may quote what a job holds. Pure."""

from __future__ import annotations

KNOWN = (
    "CUDA error",
    "ROCm error",
    "Metal error",
    "uncorrectable ECC error",
    "illegal memory access",
    "unspecified launch failure",
    "device-side assert",
    "no kernel image is available",
    "no CUDA-capable device",
    "devices are busy or unavailable",
    "driver version is insufficient",
    "out of memory",
    "out-of-memory",
    "more system memory",
    "unsupported value: NaN",
    "unexpected EOF",
    "process has terminated",
    "unexpectedly stopped",
    "timed out waiting for",
    "startup failed",
    "no slots available",
    "maximum pending requests",
    "model failed to load",
    "unable to load model",
    "error reading llama-server",
)
"""Phrases of Ollama 0.11 to 0.32, ggml and cudaGetErrorString: what is shown comes from here, never from an error."""
MOST = 3  # of them are named


def name_of(status: int, words: str) -> str:
    """An error in words of our own, such as "HTTP 500 (CUDA error, out of memory)"."""
    said = words.lower()
    known = [each for each in KNOWN if each.lower() in said][:MOST]
    return f"HTTP {status} ({', '.join(known)})" if known else f"HTTP {status}"
