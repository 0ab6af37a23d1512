"""Lanes as a door offers them, and results as it tells them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import EngineCounters, ErrorDetail, Result, ServedModel, Timing, Usage
from laneway.schema.pool.documents.lane_config import LaneModel
from laneway.schema.pool.documents.model_facts import ModelDetails, ModelFacts
from laneway.translate.offers import Offer
from laneway.translate.pieces import Head
from support.inputs.documents import LIMITS, lane

if TYPE_CHECKING:
    from collections.abc import Iterable

MODEL = "gemma3:4b"
EMBEDDER = "nomic-embed-text"
DIGEST = "sha256:" + "a" * 64
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
JOB = "01k9fzz3v0c8w6q4k3f0"
HEAD = Head(JOB, MODEL, AT)
CONTEXT = 8192
MOST_TOKENS = 2048

EVERYTHING = ("completion", "tools", "vision", "thinking")


def facts(name: str, capabilities: Iterable[str]) -> ModelFacts:
    """What a worker told of a model."""
    return ModelFacts(
        name=name,
        digest=DIGEST,
        size=3338801804,
        modified_at=AT,
        details=ModelDetails(format="gguf", family="gemma3", families=("gemma3",), parameter_size="4.3B"),
        capabilities=tuple(capabilities),
        model_info={
            "general.architecture": "gemma3",
            "general.parameter_count": 4299915632,
            "gemma3.context_length": 131072,
            "gemma3.embedding_length": 2560,
        },
        context_length=CONTEXT,
        engine="0.32.15",
    )


def offer(name: str, model: str = MODEL, capabilities: Iterable[str] | None = EVERYTHING) -> Offer:
    """A lane; without capabilities nobody has loaded its model yet."""
    limits = LIMITS.model_copy(update={"max_tokens": MOST_TOKENS})
    served = lane(name, f"https://sqs.us-east-1.amazonaws.com/123456789012/{name}").model_copy(
        update={"model": LaneModel(name=model, context_length=CONTEXT), "limits": limits}
    )
    return Offer(served, None if capabilities is None else facts(model, capabilities))


OFFERS = (offer("fast"), offer("slow"), offer("vectors", EMBEDDER, ["embedding"]))


def result(**fields: Any) -> Result:
    """A result that succeeded, if nothing else is said."""
    timing = Timing(
        submitted_at=AT,
        received_at=AT + timedelta(seconds=1),
        started_at=AT + timedelta(seconds=1),
        first_token_at=AT + timedelta(seconds=1.5),
        finished_at=AT + timedelta(seconds=3),
        queued_seconds=1,
        run_seconds=2,
    )
    told: dict[str, Any] = {
        "id": JOB,
        "status": "succeeded",
        "model": ServedModel(name=MODEL, digest=DIGEST),
        "usage": Usage(prompt_tokens=12, completion_tokens=5),
        "finish_reason": "stop",
        "timing": timing,
        "pool": "nlp/documents",
        "lane": "fast",
    }
    return Result(**told | fields)


def failed(code: ErrorCode) -> Result:
    """The result of a job without an answer."""
    ended = {ErrorCode.EXPIRED: "expired", ErrorCode.CANCELLED: "cancelled"}.get(code, "failed")
    return result(
        status=ended, error=ErrorDetail.of(code, "what happened"), usage=None, engine=None, finish_reason=None
    )


COUNTERS = EngineCounters(
    done_reason="stop",
    total_duration=2_000_000_000,
    load_duration=100_000_000,
    prompt_eval_count=12,
    prompt_eval_duration=400_000_000,
    eval_count=5,
    eval_duration=1_500_000_000,
)

CALLS = [{"id": "call_a1", "function": {"name": "weather", "arguments": {"city": "Orléans"}}}]
TEXT = result(text="Paris.", thinking="France.", engine=COUNTERS)
CHAT = result(message={"role": "assistant", "content": "Paris.", "thinking": "France."}, engine=COUNTERS)
TOOLS = result(message={"role": "assistant", "content": "", "tool_calls": CALLS}, engine=COUNTERS)
CUT = result(message={"role": "assistant", "content": "Par"}, finish_reason="length")
VECTORS = result(embeddings=[[0.5, -1.0], [0.25, 2.0]], finish_reason=None)

CHAT_RECORDS: list[dict[str, Any]] = [
    {
        "model": MODEL,
        "created_at": "x",
        "message": {"role": "assistant", "content": "", "thinking": "Fra"},
        "done": False,
    },
    {"message": {"role": "assistant", "content": "", "thinking": "nce."}, "done": False},
    {"message": {"role": "assistant", "content": "Par"}, "done": False},
    {"message": {"role": "assistant", "content": ""}, "done": False},
    {"message": {"role": "assistant", "content": "is.\u2028"}, "done": False},
]
TOOL_RECORDS: list[dict[str, Any]] = [
    {"message": {"role": "assistant", "content": "", "tool_calls": CALLS}, "done": False},
    {"message": {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "now"}}]}, "done": False},
]
TEXT_RECORDS: list[dict[str, Any]] = [
    {"response": "", "thinking": "France.", "done": False},
    {"response": "Par", "done": False},
    {"response": "is.", "done": False},
]
"""As Ollama streams them."""
