"""A job's sampling options.

Names and meanings are those of Ollama's Modelfile reference (https://github.com/ollama/ollama/blob/main/docs/modelfile.md).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from laneway.schema.job.refusals import RELOADING_OPTIONS
from laneway.schema.shared.base import Frozen


class Options(Frozen):
    """Sampling options, as in Ollama's Modelfile reference."""

    num_predict: Annotated[int, Field(ge=1, le=131_072)] | None = None
    """Most tokens to generate; capped by the lane's `maxTokens`, which is also the default."""
    temperature: Annotated[float, Field(ge=0, le=5)] | None = None
    """0 always picks the likeliest token."""
    seed: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)] | None = None
    """Fixes the random choices."""
    top_k: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """Choose among the k likeliest tokens."""
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    """Choose among the likeliest tokens that together reach p."""
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    """Drop tokens less likely than this share of the likeliest."""
    typical_p: Annotated[float, Field(ge=0, le=1)] | None = None
    """Locally typical sampling."""
    repeat_last_n: Annotated[int, Field(ge=-1, le=131_072)] | None = None
    """How far back repetitions are looked for; -1 is the whole context."""
    repeat_penalty: Annotated[float, Field(ge=0, le=10)] | None = None
    """How strongly repetitions are penalised."""
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    """Penalty for a token that has appeared."""
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    """Penalty that grows with how often a token has appeared."""
    mirostat: Annotated[int, Field(ge=0, le=2)] | None = None
    """0 is off."""
    mirostat_eta: Annotated[float, Field(ge=0, le=10)] | None = None
    """Mirostat's learning rate."""
    mirostat_tau: Annotated[float, Field(ge=0, le=100)] | None = None
    """Mirostat's target entropy."""
    num_keep: Annotated[int, Field(ge=0, le=131_072)] | None = None
    """Tokens of the prompt kept when the context is cut."""
    stop: (
        Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=256)]], Field(max_length=16)] | None
    ) = None
    """Texts that end the answer."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_reloading(cls, value: Any) -> Any:
        for name in value if isinstance(value, dict) else ():
            if name in RELOADING_OPTIONS:
                raise ValueError(f"{name} {RELOADING_OPTIONS[name]}; leave it out")
        return value
