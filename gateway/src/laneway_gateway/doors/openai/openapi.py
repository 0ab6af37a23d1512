"""What OpenAI's door understands, for an OpenAPI document: requests as they are checked, and answers. Pure."""

from __future__ import annotations

from typing import Any

from laneway.schema.job.job import Job
from laneway.translate.openai.fields import ChatRequest, CompletionRequest, EmbeddingRequest
from laneway.translate.openai.options import UNLIMITED
from laneway.translate.openai.responses.fields import ResponseRequest
from laneway.translate.translated import LARGEST_SEED
from laneway_gateway.doors.openai.speech import OPENAI
from laneway_gateway.doors.openapi.parts import (
    JSON,
    NUMBER,
    TERMS,
    TEXT,
    WHOLE,
    Described,
    a_list,
    an_object,
    answer,
    asks,
    content,
    given,
    leads_to,
    looks,
    or_null,
    parameter,
    reference,
    schemas_of,
    sends,
    whole_object,
)

_WORDS = (
    "OpenAI's API, for its clients: the base URL is http://HOST:PORT/v1. A field that is not here is passed over, and "
    "named in X-Laneway-Ignored."
)
_RESPONSE_PATH = "/v1/responses/{name}"
_REQUESTS = (ChatRequest, CompletionRequest, EmbeddingRequest, ResponseRequest)
_BASE64 = TEXT | {"description": "Of float32, in little endian."}
_USED = {"prompt_tokens": WHOLE, "total_tokens": WHOLE}
_USAGE = whole_object(**_USED, completion_tokens=WHOLE)
_CALL = an_object(
    ["function"],
    index=WHOLE,
    id=TEXT,
    type={"const": "function"},
    function=an_object(name=TEXT, arguments=TEXT | {"description": "The text of a JSON object."}),
)
_SAID = {
    "role": {"const": "assistant"},
    "content": or_null(TEXT),
    "refusal": or_null(TEXT),
    "reasoning": TEXT | {"description": "What the model thought."},
    "tool_calls": a_list(_CALL),
}
_REASON = or_null({"enum": ["stop", "length", "tool_calls"]})
_ERROR = whole_object(
    error=whole_object(
        message=TEXT | {"description": "What to change."},
        type={"enum": ["invalid_request_error", "not_found_error", "rate_limit_error", "api_error"]},
        param=or_null(TEXT),
        code=or_null(TEXT),
    )
)
_RESPONSE = an_object(
    ["id", "object", "created_at", "status", "model", "output", "error", "incomplete_details", "usage"],
    id=TEXT | {"pattern": "^resp_"},
    object={"const": "response"},
    created_at=WHOLE,
    status={"enum": ["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]},
    model=TEXT,
    output=a_list(
        an_object(
            ["type", "id"],
            type={"enum": ["message", "reasoning", "function_call"]},
            id=TEXT,
            content=a_list(an_object(["type", "text"], type=TEXT, text=TEXT)),
            call_id=TEXT,
            name=TEXT,
            arguments=TEXT,
        )
    ),
    error=or_null(whole_object(code={"enum": ["server_error", "invalid_prompt"]}, message=TEXT)),
    incomplete_details=or_null(whole_object(reason={"const": "max_output_tokens"})),
    usage=or_null(
        an_object(
            ["input_tokens", "output_tokens", "total_tokens"],
            **dict.fromkeys(("input_tokens", "output_tokens", "total_tokens"), WHOLE),
        )
    ),
)


_JOB = schemas_of(Job)
_OPTIONS = _JOB["Options"]["properties"]
_STOP = {"type": "string", "maxLength": 256}
_MOST = or_null({"anyOf": [{"const": UNLIMITED}, WHOLE | {"minimum": 1}]})
_BOUNDED: dict[str, Any] = {
    **{name: _OPTIONS[name] for name in ("temperature", "top_p", "frequency_penalty", "presence_penalty")},
    "seed": or_null(WHOLE | {"minimum": -LARGEST_SEED, "maximum": LARGEST_SEED}),
    "stop": or_null({"anyOf": [_STOP, a_list(_STOP)]}),
}
"""What the job bounds, and the request's own model does not."""
_TEXT = TEXT | {"minLength": 1}
_OF_ONE: dict[str, dict[str, Any]] = {
    "ChatRequest": {"max_completion_tokens": _MOST},
    "CompletionRequest": {
        "max_tokens": _MOST,
        "prompt": {"anyOf": [_TEXT, a_list(_TEXT) | {"minItems": 1, "maxItems": 1}]},
    },
    "EmbeddingRequest": {"input": given(_JOB["Job"]["properties"]["input"])},
    "ResponseRequest": {"max_output_tokens": _MOST},
}


def described() -> Described:
    """Paths and schemas: the same for every pool."""
    requests = {name: each for model in _REQUESTS for name, each in schemas_of(model, model.__name__).items()}
    for name, fields in _OF_ONE.items():
        properties = requests[name]["properties"]
        properties |= {each: _BOUNDED[each] for each in properties if each in _BOUNDED} | fields
    return Described(OPENAI.name, _WORDS, _paths(), requests | _answers(), "OpenAIError")


def _answers() -> dict[str, Any]:
    chat = whole_object(index=WHOLE, message=an_object(["role", "content"], **_SAID), finish_reason=_REASON)
    delta = whole_object(index=WHOLE, delta=an_object(**_SAID), finish_reason=_REASON)
    text = whole_object(index=WHOLE, text=TEXT, finish_reason=_REASON)
    vector = whole_object(object={"const": "embedding"}, index=WHOLE, embedding={"anyOf": [a_list(NUMBER), _BASE64]})
    return {
        "OpenAIError": _ERROR,
        "ChatCompletion": _choices("chat.completion", chat),
        "ChatCompletionChunk": _choices("chat.completion.chunk", delta),
        "Completion": _choices("text_completion", text),
        "Embeddings": whole_object(
            object={"const": "list"}, data=a_list(vector), model=TEXT, usage=whole_object(**_USED)
        ),
        "Model": whole_object(id=TEXT, object={"const": "model"}, created=WHOLE, owned_by=TEXT),
        "Models": whole_object(object={"const": "list"}, data=a_list(reference("Model"))),
        "Response": _RESPONSE,
        "ResponseEvent": an_object(
            ["type", "sequence_number"], type=TEXT, sequence_number=WHOLE, response=reference("Response")
        ),
        "Deleted": whole_object(id=TEXT, object={"const": "response"}, deleted={"const": True}),
    }


def _choices(kind: str, choice: dict[str, Any]) -> dict[str, Any]:
    fields = {"id": TEXT, "object": {"const": kind}, "created": WHOLE, "model": TEXT, "choices": a_list(choice)}
    return an_object(fields, **fields, usage=or_null(_USAGE))


def _paths() -> dict[str, Any]:
    return {
        "/v1/chat/completions": {
            "post": _job("An answer in a chat", ChatRequest, "ChatCompletion", "ChatCompletionChunk")
        },
        "/v1/completions": {"post": _job("A text gone on with", CompletionRequest, "Completion", "Completion")},
        "/v1/embeddings": {"post": _job("Vectors of texts", EmbeddingRequest, "Embeddings")},
        **_responses(),
        "/v1/models": {"get": looks(OPENAI, "Every model, by one name for each lane", _found("Models"))},
        "/v1/models/{name}": {"get": looks(OPENAI, "A model", _found("Model"), [_one("A model's name.")])},
    }


def _responses() -> dict[str, Any]:
    one = _one("A response's id.")
    told = {"200": answer("The response, as far as it is.", _bodies("Response", "ResponseEvent"), of_a_job=True)}
    stream = parameter("stream", "query", "Whether it is told by events.", {"type": "boolean"})
    sent = _job("A response", ResponseRequest, "Response", "ResponseEvent")
    later = (("get", ""), ("delete", ""), ("post", "/cancel"))
    known = leads_to(sent["responses"]["200"], "name", [(method, f"{_RESPONSE_PATH}{rest}") for method, rest in later])
    return {
        "/v1/responses": {"post": sent | {"responses": sent["responses"] | {"200": known}}},
        _RESPONSE_PATH: {
            "get": looks(OPENAI, "A response that was sent before", told, [one, stream]),
            "delete": looks(OPENAI, "Tell of a response no more", _found("Deleted"), [one]),
        },
        f"{_RESPONSE_PATH}/cancel": {
            "post": asks(OPENAI, "Cancel a response; one that has ended stays", _found("Response"), [one])
        },
    }


def _one(words: str) -> dict[str, Any]:
    return parameter("name", "path", words, required=True)


def _found(schema: str) -> dict[str, Any]:
    return {"200": answer(schema, content(reference(schema)))}


def _job(summary: str, request: type[Any], schema: str, event: str | None = None) -> dict[str, Any]:
    answers = {
        "200": answer("The answer, whole or as events.", _bodies(schema, event), of_a_job=True),
        "202": answer("Taken; `/jobs/{job_id}` tells of it.", content(reference("Standing")), of_a_job=True),
    }
    return sends(OPENAI, summary, reference(request.__name__), answers, TERMS)


def _bodies(schema: str, event: str | None) -> dict[str, Any]:
    """`schema` of a stream is one event's, as server-sent events have it."""
    media, _, _ = OPENAI.media.partition(";")
    said = {"anyOf": [reference(event or schema), reference("OpenAIError")]}
    data = {"anyOf": [{"const": "[DONE]"}, TEXT | {"contentMediaType": JSON, "contentSchema": said}]}
    return content(reference(schema)) | (content(an_object(["data"], data=data), media) if event else {})
