"""What of Ollama's requests a job can't have: each name with the reason, and the values that ask for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from laneway.schema.shared.hints import plain


@dataclass(frozen=True)
class Refusal:
    """A field of Ollama's that a job has not."""

    why: str
    """What goes on after `not accepted: `, with what to do instead."""
    nothing: tuple[Any, ...] = ()
    """Values that ask for what a job is anyway: taken like null, which is as good as left out, and passed over."""


REFUSED_FIELDS = {
    "keep_alive": Refusal("the lane keeps its model loaded, so leave it out", (-1,)),
    "template": Refusal("the model's own is used, and raw: true sends a prompt without one", ("",)),
    "stream": Refusal("a job has one result and nothing is streamed to the sender, so leave it out", (False,)),
    "context": Refusal("Ollama has deprecated it, so send messages", ([],)),
    "truncate": Refusal("a prompt that does not fit is refused and never cut, so leave it out", (False,)),
    "shift": Refusal("an answer that does not fit ends with finish_reason length, so leave it out", (False,)),
    "suffix": Refusal("not supported yet, so write the whole prompt with raw: true", ("",)),
    "logprobs": Refusal("a result has no place for probabilities yet, so leave it out", (False,)),
    "top_logprobs": Refusal("a result has no place for probabilities yet, so leave it out", (0,)),
    "_debug_render_only": Refusal("a job is answered and not only rendered, so leave it out", (False,)),
}
"""Of the whole request."""

_RELOADS = "it would reload the model for every job, so leave it out (the platform team sets {} for the lane)"
_GONE = "Ollama has it no more and passes over it, so leave it out"
REFUSED_OPTIONS = {
    "num_ctx": Refusal(_RELOADS.format("contextLength")),
    **dict.fromkeys(
        ("num_batch", "num_gpu", "main_gpu", "num_thread", "use_mmap", "draft_num_predict"),
        Refusal(_RELOADS.format("it")),
    ),
    **dict.fromkeys(
        ("numa", "low_vram", "use_mlock", "vocab_only", "logits_all", "embedding_only"), Refusal(_GONE, (False,))
    ),
    "f16_kv": Refusal(_GONE, (True,)),
    "tfs_z": Refusal(_GONE, (1,)),
    "penalize_newline": Refusal(_GONE, (True, False)),
    **dict.fromkeys(("num_gqa", "rope_frequency_base", "rope_frequency_scale"), Refusal(_GONE)),
}
"""Of `options`."""

REFUSED_IN_FUNCTIONS = {"strict": Refusal("Ollama does not hold a model to it, so leave it out", (False,))}
"""Of a tool's `function`."""

MEANT = {
    "max_tokens": "num_predict of options",
    "max_completion_tokens": "num_predict of options",
    "max_new_tokens": "num_predict of options",
    "stop_sequences": "stop of options",
    "repetition_penalty": "repeat_penalty of options",
    "response_format": "format",
    "reasoning_effort": "think",
    "functions": "tools",
    "name": "model",
    "messages.name": "tool_name",
    "tools.name": "name of function",
}
"""Names that other APIs have for what Ollama calls otherwise."""


def _written(refused: dict[str, Refusal]) -> dict[str, str]:
    return {name: f"not accepted: {each.why}" for name, each in refused.items()}


_WORDS = {
    **{name: f"unknown field; did you mean {meant}?" for name, meant in MEANT.items()},
    **_written(REFUSED_IN_FUNCTIONS),
    **_written(REFUSED_OPTIONS),
    **_written(REFUSED_FIELDS),
}
WORDS = {plain(name): words for name, words in _WORDS.items()}
"""What is said of a name that a job has not, wherever it stands and however it is written."""
