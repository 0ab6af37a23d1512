"""What Ollama's door understands, for an OpenAPI document: of requests what makes a job, and answers. Pure."""

from __future__ import annotations

from typing import Any

from laneway.schema.job.job import Job
from laneway.translate.ollama.errors import FORBIDDEN
from laneway.translate.ollama.fields import CHAT, EMBED, GENERATE, OPTIONS
from laneway.translate.translated import LARGEST_SEED
from laneway_gateway.doors.ollama.speech import OLLAMA
from laneway_gateway.doors.openapi.parts import (
    NUMBER,
    TERMS,
    TEXT,
    WHOLE,
    Described,
    a_list,
    an_object,
    answer,
    anybodys,
    content,
    given,
    looks,
    or_null,
    reference,
    refuses,
    schemas_of,
    sends,
    whole_object,
)

_WORDS = (
    "Ollama's API, for its clients: the base URL is http://HOST:PORT. A field that is not here is passed over, and "
    "named in X-Laneway-Ignored."
)
_ERROR = whole_object(error=TEXT | {"description": "What to change."})
_COUNTED = "total_duration load_duration prompt_eval_count prompt_eval_duration eval_count eval_duration"
_COUNTERS = dict.fromkeys(_COUNTED.split(), WHOLE)
_DETAILS = an_object(["format", "family", "families"], format=TEXT, family=TEXT, families=or_null(a_list(TEXT)))
_RECORD = {"model": TEXT, "created_at": TEXT, "done": {"type": "boolean"}}
_CALL = whole_object(function=whole_object(name=TEXT, arguments={"type": "object"}))
_LAST = {"done_reason": TEXT, **_COUNTERS}
_MODEL = {"model": TEXT | {"description": "As /api/tags lists them; older clients call it `name`."}}
_STREAM = {"type": ["boolean", "null"], "default": True, "description": "Whether the answer comes as JSON lines."}
_LOOSE = {
    "seed": {"type": ["integer", "null"], "minimum": -LARGEST_SEED, "maximum": LARGEST_SEED},
    "num_predict": {"type": ["number", "null"], "description": "No more than the lane's; below 0 as if left out."},
    "num_ctx": {"description": "No more than the lane's, which is taken whatever stands here."},
}
"""Options of which the door takes more than a job does."""


def described() -> Described:
    """Paths and schemas: the same for every pool."""
    return Described(OLLAMA.name, _WORDS, _paths(), _requests() | _answers(), "Ollama.Error")


def _requests() -> dict[str, Any]:
    """A job's own schemas, in which strangers are passed over."""
    schemas = {name: _open(each) for name, each in schemas_of(Job, "Ollama").items()}
    job, options = schemas.pop("Job")["properties"], schemas["Ollama.Options"]
    kept = {name: each for name, each in options["properties"].items() if name in OPTIONS}
    texts = {name: job[name] for name in sorted(EMBED - {"input"})}
    return schemas | {
        "Ollama.Options": options | {"properties": kept | _LOOSE},
        "Ollama.Chat": _asked("messages", {name: job[name] for name in sorted(CHAT)} | {"stream": _STREAM}),
        "Ollama.Generate": _asked("prompt", {name: job[name] for name in sorted(GENERATE)} | {"stream": _STREAM}),
        "Ollama.Embed": _asked("input", texts | {"input": job["input"]}),
        "Ollama.Embeddings": _asked("prompt", texts | {"prompt": job["input"]}),
        "Ollama.Load": an_object(["model"], **_MODEL) | {"description": "Nothing is asked: a load, answered at once."},
        "Ollama.Show": an_object(["model"], **_MODEL),
    }


def _open(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in schema.items() if (name, each) != ("additionalProperties", False)}


def _asked(what: str, fields: dict[str, Any]) -> dict[str, Any]:
    """A request that asks for an answer: to nothing, and to null, there is none."""
    return an_object(["model", what], **_MODEL, **fields | {what: given(fields[what])})


def _answers() -> dict[str, Any]:
    said = an_object(
        ["role", "content"], role={"const": "assistant"}, content=TEXT, thinking=TEXT, tool_calls=a_list(_CALL)
    )
    known = {"name": TEXT, "model": TEXT, "size": WHOLE, "digest": TEXT, "details": _DETAILS}
    return {
        "Ollama.Error": _ERROR,
        "Ollama.Chat.Answer": an_object([*_RECORD, "message"], **_RECORD, message=said, **_LAST),
        "Ollama.Generate.Answer": an_object([*_RECORD, "response"], **_RECORD, response=TEXT, thinking=TEXT, **_LAST),
        "Ollama.Embed.Answer": an_object(
            ["model", "embeddings"], model=TEXT, embeddings=a_list(a_list(NUMBER)), **_COUNTERS
        ),
        "Ollama.Embeddings.Answer": whole_object(embedding=a_list(NUMBER)),
        "Ollama.Tags": whole_object(models=a_list(whole_object(**known, modified_at=TEXT, capabilities=a_list(TEXT)))),
        "Ollama.Running": whole_object(
            models=a_list(whole_object(**known, expires_at=TEXT, size_vram=WHOLE, context_length=WHOLE))
        ),
        "Ollama.Version": whole_object(version=TEXT),
        "Ollama.Model": whole_object(
            modelfile=TEXT,
            parameters=TEXT,
            template=TEXT,
            details=_DETAILS,
            model_info={"type": "object"},
            capabilities=a_list(TEXT),
            modified_at=TEXT,
        ),
    }


def _paths() -> dict[str, Any]:
    text = {"200": answer("That it is there.", content(TEXT, "text/plain"))}
    return {
        "/api/chat": {"post": _job("An answer in a chat", "Chat", streams=True)},
        "/api/generate": {"post": _job("A text gone on with", "Generate", streams=True)},
        "/api/embed": {"post": _job("Vectors of texts", "Embed")},
        "/api/embeddings": {"post": _job("A text's vector", "Embeddings")},
        "/api/show": {"post": sends(OLLAMA, "A model", reference("Ollama.Show"), _found("Model"))},
        "/api/tags": {"get": looks(OLLAMA, "Every model, by one name for each lane", _found("Tags"))},
        "/api/ps": {"get": looks(OLLAMA, "The models that workers have loaded", _found("Running"))},
        "/api/version": {"get": looks(OLLAMA, "The engine's version", _found("Version"))},
        "/": {"get": anybodys(looks(OLLAMA, "Whether anybody is there", text))},
        **{f"/api/{verb}": _refused(f"Nobody may {verb} models") for verb in FORBIDDEN},
    }


def _job(summary: str, schema: str, *, streams: bool = False) -> dict[str, Any]:
    name = f"Ollama.{schema}"
    said = reference(f"{name}.Answer")
    answers = {
        "200": answer(
            "The answer, whole or line by line.",
            content(said) | (content({"anyOf": [said, reference("Ollama.Error")]}, OLLAMA.media) if streams else {}),
            of_a_job=True,
        ),
        "202": answer("Taken; `/jobs/{job_id}` tells of it.", content(reference("Standing")), of_a_job=True),
    }
    return sends(OLLAMA, summary, {"anyOf": [reference(name), reference("Ollama.Load")]}, answers, TERMS)


def _found(schema: str) -> dict[str, Any]:
    return {"200": answer(schema, content(reference(f"Ollama.{schema}")))}


def _refused(summary: str) -> dict[str, Any]:
    return {"post": refuses(OLLAMA, summary), "delete": refuses(OLLAMA, summary)}
