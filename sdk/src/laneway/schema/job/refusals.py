"""What of Ollama's requests a job can't have, each with the reason."""

from __future__ import annotations

_RELOADS = "reloads the model for every job; the platform team sets it for the lane"
RELOADING_OPTIONS = {
    "num_ctx": f"{_RELOADS} (contextLength)",
    **dict.fromkeys(
        ("num_batch", "num_gpu", "main_gpu", "num_thread", "use_mmap", "use_mlock", "low_vram", "numa", "f16_kv"),
        _RELOADS,
    ),
}
"""Options of Ollama that reload the model, each with the reason for its refusal."""

REFUSED_FIELDS = {
    "keep_alive": "the lane keeps its model loaded",
    "template": "the model's own template is used; use raw: true to send a prompt without one",
    "stream": "a job has one result; nothing is streamed to the sender",
    "context": "deprecated by Ollama; use messages",
    "truncate": "a prompt that does not fit is refused, never cut",
    "shift": "an answer that does not fit ends with finish_reason length",
    "suffix": "not supported yet; write the whole prompt with raw: true",
}
"""Fields of Ollama's requests that a job can't have, each with the reason."""
