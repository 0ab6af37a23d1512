"""A job's sampling options.

Names and meanings are those of Ollama's Modelfile reference (https://github.com/ollama/ollama/blob/main/docs/modelfile.md).
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, StringConstraints

from laneway.schema.job.fields.refusals import REFUSED_OPTIONS
from laneway.schema.job.fields.values import WHOLE, OllamaObject, not_a

MAX_SEED = 2**53 - 1  # larger whole numbers are not exact in JSON


_Stop = Annotated[str, StringConstraints(min_length=1, max_length=256)]


def _limited(value: object) -> object:
    """Ollama's -1 and -2 stand for as much as there is room for, which is the lane's to say."""
    if isinstance(value, int) and not isinstance(value, bool) and value < 1:
        raise ValueError("should be at least 1: leave it out for as many as the lane allows (its maxTokens)")
    return value


class Options(OllamaObject):
    """Sampling options, as in Ollama's Modelfile reference."""

    refused: ClassVar = REFUSED_OPTIONS

    num_predict: Annotated[int, Field(ge=1, le=131_072), BeforeValidator(_limited), WHOLE] | None = None
    """Most tokens to generate; capped by the lane's `maxTokens`, which is also the default."""
    temperature: Annotated[float, Field(ge=0, le=5)] | None = None
    """0 always picks the likeliest token."""
    seed: Annotated[int, Field(ge=-MAX_SEED, le=MAX_SEED), WHOLE] | None = None
    """Fixes the random choices."""
    top_k: Annotated[int, Field(ge=0, le=100_000), WHOLE] | None = None
    """Choose among the k likeliest tokens."""
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    """Choose among the likeliest tokens that together reach p."""
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    """Drop tokens less likely than this share of the likeliest."""
    typical_p: Annotated[float, Field(ge=0, le=1)] | None = None
    """Locally typical sampling."""
    repeat_last_n: Annotated[int, Field(ge=-1, le=131_072), WHOLE] | None = None
    """How far back repetitions are looked for; -1 is the whole context."""
    repeat_penalty: Annotated[float, Field(ge=0, le=10)] | None = None
    """How strongly repetitions are penalised."""
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    """Penalty for a token that has appeared."""
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    """Penalty that grows with how often a token has appeared."""
    mirostat: Annotated[int, Field(ge=0, le=2), WHOLE] | None = None
    """0 is off. Ollama 0.11 and later have no mirostat, and pass over its three options."""
    mirostat_eta: Annotated[float, Field(ge=0, le=10)] | None = None
    """Mirostat's learning rate."""
    mirostat_tau: Annotated[float, Field(ge=0, le=100)] | None = None
    """Mirostat's target entropy."""
    num_keep: Annotated[int, Field(ge=0, le=131_072), WHOLE] | None = None
    """Tokens of the prompt kept when the context is cut."""
    stop: Annotated[list[_Stop], Field(max_length=16), not_a(str, 'should be a list, such as ["END"]')] | None = None
    """Texts that end the answer."""
