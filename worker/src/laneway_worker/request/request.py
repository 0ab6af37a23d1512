"""From a job to the body that Ollama gets, and what can be told about it before the model runs. Pure."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import MAX_PIXELS
from laneway.schema.shared.names import tagged
from laneway_worker.errors import JobError
from laneway_worker.request.images import MOST_SCANS, TooManyScans, pixels

if TYPE_CHECKING:
    from collections.abc import Collection

    from laneway.schema.job.job import Job
    from laneway.schema.pool.documents.lane_config import LaneConfig, LaneModel
    from laneway.schema.pool.documents.live_config import LaneLimits

Path = Literal["/api/generate", "/api/chat", "/api/embed"]
BYTES_PER_TOKEN = 4
KEEP_FOREVER = -1  # Ollama: the model stays loaded


@dataclass(frozen=True)
class Request:
    """One call to Ollama."""

    path: Path
    body: dict[str, Any]
    fewest_tokens: int
    """A floor of the prompt's tokens: no tokenizer joins two words into one token."""
    most_tokens: int
    """A generous estimate of the prompt's tokens."""
    most_silent_seconds: int
    """How long Ollama may say nothing."""
    tool_words: int = 0
    """Words that tools answered: a template may leave them out."""
    has_images: bool = False


def question(model: LaneModel, limits: LaneLimits, *, only_embeds: bool) -> Request:
    """A tiny question of our own. Raw: templates are the model's, and what is asked for is the engine."""
    same = {"model": model.name, "keep_alive": KEEP_FOREVER, "truncate": False}
    options: dict[str, Any] = {"num_ctx": model.context_length}
    silence = limits.token_gap_seconds
    if only_embeds:
        return Request("/api/embed", same | {"input": "1", "options": options}, 0, 1, silence)
    options |= {"num_predict": 2, "temperature": 0}
    asked = {"prompt": "1, 2,", "raw": True, "stream": True, "shift": False, "options": options}
    return Request("/api/generate", same | asked, 0, 4, silence)


def check(job: Job, config: LaneConfig, destinations: Collection[str]) -> None:
    """Refuse what this lane can't answer, or bring to none of its `destinations`; raises `JobError`."""
    if job.model is not None and tagged(job.model) != tagged(config.model.name):
        raise JobError(
            ErrorCode.UNKNOWN_MODEL, f"lane {config.lane} serves {config.model.name}; the job asks for another model"
        )
    if job.destination is not None and job.destination not in destinations:
        known = ", ".join(destinations) or "none"
        raise JobError(ErrorCode.UNKNOWN_DESTINATION, f"the pool declares these destinations: {known}")
    if (words := fewest_tokens(job)) >= config.model.context_length:
        raise JobError(
            ErrorCode.PROMPT_TOO_LONG,
            f"the prompt has {words:,} words, the context holds {config.model.context_length:,} tokens",
        )
    _check_images(_images(job))


def _check_images(images: list[str]) -> None:
    """By their headers: what Ollama can't decode it answers with a 500, which would be tried again; and a small file
    may be as large as all memory once it is decoded.
    """
    found = [_pixels(number, image) for number, image in enumerate(images, 1)]
    if sum(found) > MAX_PIXELS:
        words = f"the job's images have {sum(found):,} pixels together; at most {MAX_PIXELS:,} are accepted"
        raise JobError(ErrorCode.INVALID_JOB, f"{words}: make them smaller, or send them in several jobs")


def _images(job: Job) -> list[str]:
    return [*(job.images or ()), *(image for message in job.messages or () for image in message.images or ())]


def _pixels(number: int, text: str) -> int:
    try:
        return pixels(base64.b64decode(text, validate=True))
    except TooManyScans:
        words = f"image {number} is a JPEG of more than {MOST_SCANS} scans; save it anew, not progressive"
        raise JobError(ErrorCode.INVALID_JOB, words) from None
    except ValueError:  # of base64, too
        raise JobError(
            ErrorCode.INVALID_JOB, f"image {number} is no JPEG, PNG, WebP, GIF or BMP file in base64"
        ) from None


def _texts(job: Job) -> list[str]:
    if isinstance(job.input, list):
        return job.input
    chat = [message.content for message in job.messages or ()]
    return [text for text in (job.system, job.prompt, job.input, *chat) if text]


def _tools(job: Job) -> list[str]:
    calls = (call for message in job.messages or () for call in message.tool_calls or ())
    return [each.model_dump_json(exclude_none=True) for each in (*(job.tools or ()), *calls)]


def fewest_tokens(job: Job) -> int:
    """The number of words: of the prompt, of what users say in a chat, or of the longest text to embed. Nothing else is
    in the prompt for sure: templates leave out system texts, tools' answers, and what was said beside a tool call, and
    Ollama what was thought.
    """
    if job.input is not None:
        return max(len(text.split()) for text in _texts(job))
    return len((job.prompt or "").split()) + _words_of(job, "user")


def _words_of(job: Job, role: str) -> int:
    return sum(len(message.content.split()) for message in job.messages or () if message.role == role)


def most_tokens(job: Job) -> int:
    """Four bytes of a word a token, and one token for each other character that is no space. Tools and their calls are
    in the prompt as JSON.
    """
    text = "\n".join((*_texts(job), *_tools(job)))
    words = sum(-(-len(word.encode(errors="replace")) // BYTES_PER_TOKEN) for word in re.findall(r"\w+", text))
    return words + len(re.findall(r"[^\w\s]", text))


def ollama_request(job: Job, model: LaneModel, limits: LaneLimits, wanted: object) -> Request:
    """The call for a job. The model, context and limits are the lane's; what reloads the model is constant. `wanted` is
    the job's `format`, written for Ollama.
    """
    body: dict[str, Any] = {"model": model.name, "keep_alive": KEEP_FOREVER, "truncate": False}
    fields = job.model_dump(
        mode="json",
        exclude_none=True,
        include={"prompt", "system", "raw", "images", "messages", "tools", "think", "input", "dimensions"},
    )
    if wanted is not None:
        fields["format"] = wanted
    options = job.options.model_dump(exclude_none=True) if job.options else {}
    options["num_ctx"] = model.context_length
    silence = limits.token_gap_seconds
    if job.input is not None:
        path: Path = "/api/embed"
        silence = limits.timeout_seconds
    else:
        path = "/api/chat" if job.messages is not None else "/api/generate"
        most = limits.max_tokens
        options["num_predict"] = min(options.get("num_predict", most), most)
        body |= {"stream": True, "shift": False}
    body |= fields | {"options": options}
    tool_words = _words_of(job, "tool")
    return Request(path, body, fewest_tokens(job), most_tokens(job), silence, tool_words, bool(_images(job)))
