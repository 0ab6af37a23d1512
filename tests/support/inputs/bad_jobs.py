"""What senders get wrong: the body or the whole message, the code of its result, and words that tell what to change."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.values import MAX_BODY_BYTES
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from support.canary import PROMPT
from support.inputs.images import PNG as PICTURE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

CONTEXT_LENGTH = 2048
MIB = 1024 * 1024
BAD = ErrorCode.INVALID_JOB
LONG = ErrorCode.PROMPT_TOO_LONG
PNG = PICTURE[:44] + "A" * 56  # its header, and nothing of a picture behind
VAST = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00\x00\xfa\x00" * 2).decode()
"""The header of a picture of 64,000 by 64,000."""
ENVELOPE = {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:t", "Message": "{}"}
EVENT = {"version": "0", "detail-type": "job", "source": "own.app", "detail": {"prompt": PROMPT}}

_numbers = count(1)


@dataclass(frozen=True)
class Case:
    """One message."""

    name: str
    body: str
    code: ErrorCode | None
    """None: the job is answered all the same."""
    words: tuple[str, ...] = ()
    """What the message and the fix must hold."""
    id: str | None = None
    """Where the result is; None: at the MessageId."""
    history: MessageAttributeValueTypeDef | None = None
    """The attribute `laneway`."""
    stored: bytes | None = field(default=None, repr=False)
    """What lies at `jobs/<id>.json`."""

    @property
    def attributes(self) -> Mapping[str, MessageAttributeValueTypeDef]:
        """All message attributes."""
        return {MESSAGE_ATTRIBUTE: self.history} if self.history else {}


def _text(name: str, body: str, *words: str, code: ErrorCode = BAD) -> Case:
    """A body that can't be read: no id is known."""
    return Case(name, body, code, words)


def _fields(name: str, *words: str, code: ErrorCode | None = BAD, **fields: Any) -> Case:
    """A body with an id that is no job, or none that the lane can answer."""
    job_id = f"bad-{next(_numbers)}"
    given = {"id": job_id, "prompt": PROMPT} | fields
    body = json.dumps({name: value for name, value in given.items() if value is not ...})
    return Case(name, body, code, words, job_id)


def _nested(text: str, depth: int, end: str = "") -> str:
    return text * depth + "1" + end * depth


NOT_JSON = (
    _text("words", f"Summarise: {PROMPT}", "not JSON", "line 1 column 1"),
    _text("python", f"{{'prompt': '{PROMPT}'}}", "not JSON", "double quotes"),
    _text("blank", " ", "not JSON"),
    _text("cut off", f'{{"prompt": "{PROMPT}"', "not JSON"),
    _text("two documents", f'{{"prompt": "{PROMPT}"}}\n{{"prompt": "b"}}', "not JSON", "Extra data", "line 2"),
    _text("trailing comma", f'{{"prompt": "{PROMPT}",}}', "not JSON"),
    _text("comment", f'{{"prompt": "{PROMPT}" /* why */}}', "not JSON"),
    _text("line break in a text", f'{{"prompt": "{PROMPT}\n"}}', "not JSON", "control character"),
    _text("two byte order marks", f'\ufeff\ufeff{{"prompt": "{PROMPT}"}}', "not JSON", "BOM"),
    _text("NaN", f'{{"prompt": "{PROMPT}", "options": {{"temperature": NaN}}}}', "NaN is not JSON"),
    _text("Infinity", f'{{"prompt": "{PROMPT}", "options": {{"seed": -Infinity}}}}', "-Infinity is not JSON"),
    _text("1e999", f'{{"prompt": "{PROMPT}", "options": {{"top_p": 1e999}}}}', "a number is too large"),
    _text("integer of 5,000 digits", f'{{"prompt": "a", "options": {{"seed": {"9" * 5000}}}}}', "than 30 digits"),
    _text("fraction of 5,000 digits", f'{{"prompt": "a", "options": {{"top_p": 0.{"9" * 5000}}}}}', "than 30 digits"),
    _text("50,000 open brackets", "[" * 50_000, "nested more than 32 levels"),
    _text("50,000 arrays", _nested("[", 50_000, "]"), "nested more than 32 levels"),
    _text("50,000 objects", _nested('{"a":', 50_000, "}"), "nested more than 32 levels"),
    _text("format of 33 levels", f'{{"prompt": "a", "format": {_nested("[", 32, "]")}}}', "nested more than 32 levels"),
    _text("key twice", f'{{"id": "twice", "prompt": "a", "prompt": "{PROMPT}"}}', "a key stands twice"),
    _text("key twice inside", f'{{"prompt": "{PROMPT}", "format": {{"type": "a", "type": "b"}}}}', "stands twice"),
    _text("half a surrogate", f'{{"prompt": "{PROMPT} \\ud83d"}}', "half of a surrogate pair"),
    _text("half a surrogate in a key", '{"prompt": "a", "labels": {"\\udc00": "b"}}', "half of a surrogate pair"),
    _text("quotes without end", '"' * MAX_BODY_BYTES, "not JSON"),
    _text("1 MiB", json.dumps({"prompt": "a" * (MIB - 14)}), "1,048,576 bytes", code=ErrorCode.BODY_TOO_LARGE),
    _text("one byte too many", " " * (MAX_BODY_BYTES + 1), "1,040,385 bytes", code=ErrorCode.BODY_TOO_LARGE),
)

NOT_AN_OBJECT = tuple(
    _text(name, body, "should be a JSON object", words)
    for name, body, words in (
        ("null", "null", "not null"),
        ("array", f'[{{"prompt": "{PROMPT}"}}]', "one message for each job"),
        ("encoded twice", json.dumps(json.dumps({"prompt": PROMPT})), "encoded twice"),
        ("number", "7", "not a number"),
        ("true", "true", "not a boolean"),
    )
)

BAD_IDS = tuple(
    Case(f"id {name}", json.dumps({"id": value, "prompt": PROMPT}), BAD, ("id: ",))
    for name, value in {
        "empty": "",
        "path": "../a",
        "space": "a b",
        "letter": "ä",
        "too long": "a" * 129,
        "number": 7,
    }.items()
)

FIELDS = (
    _fields("nothing to do", "give exactly one of prompt, messages and input", prompt=...),
    _fields("prompt null", "give exactly one of prompt, messages and input", prompt=None),
    _fields("prompt and messages", "exactly one", "prompt and messages", messages=[{"role": "user", "content": "a"}]),
    _fields("prompt and input", "exactly one", "prompt and input", input=PROMPT),
    _fields("unknown field", "promt: unknown field; did you mean prompt?", prompt=..., promt=PROMPT),
    _fields("OpenAI's max_tokens", "max_tokens: unknown field; did you mean num_predict of options?", max_tokens=7),
    _fields("option at the top", "temperature: unknown field; it belongs in options", temperature=0),
    _fields("empty prompt", "prompt", "at least 1 character", prompt=""),
    _fields("empty messages", "messages", "at least 1 item", prompt=..., messages=[]),
    _fields("message text", "messages[0]", prompt=..., messages=[PROMPT]),
    _fields(
        "OpenAI's parts", "messages[0].content", "a text", prompt=...,
        messages=[{"role": "user", "content": [{"type": "text", "text": PROMPT}]}],
    ),
    _fields("unknown role", "messages[0].role", "'user'", prompt=..., messages=[{"role": "developer"}]),
    _fields("empty input", "input", "at least 1", prompt=..., input=[]),
    _fields("empty text in input", "input[1]", "at least 1 character", prompt=..., input=["a", ""]),
    _fields("raw with messages", "raw goes with prompt", prompt=..., messages=[{"role": "user"}], raw=True),
    _fields("raw with system", "raw: true", "write the system text into it", raw=True, system="a"),
    _fields("tools with prompt", "tools goes with messages", tools=[{"function": {"name": "a"}}]),
    _fields("embeddings with format", "format goes with prompt or messages", prompt=..., input="a", format="json"),
    _fields("images beside messages", "images goes with prompt", prompt=..., messages=[{"role": "user"}], images=[PNG]),
    _fields("think yes", "think", think="yes"),
    _fields("another model", "serves stub:latest", "Leave `model` out", code=ErrorCode.UNKNOWN_MODEL, model="gpt-4o"),
    _fields("keep_alive", "keep_alive: not accepted", "keeps its model loaded", keep_alive=0),
    _fields("stream", "stream: not accepted", stream=True),
    _fields("template", "template: not accepted", "raw: true", template="{{ .Prompt }}"),
    _fields("context", "context: not accepted", "send messages", context=[1]),
    _fields("60,000 mistakes", "labels.a0: should be a text: write it in quotes", "and 59975 more",
            labels={f"a{number}": 1 for number in range(60_000)}),
    _fields("17 labels", "labels", "at most 16", labels={f"a{number}": "" for number in range(17)}),
    _fields("huge label", "labels.a", "at most 256 characters", labels={"a": "b" * 9000}),
    _fields("huge label name", "labels", "at most 63 characters", labels={"a" * 9000: "b"}),
    _fields("label that a terminal obeys", "labels.a", "without control characters", labels={"a": "\x1b[2J"}),
    _fields("label that turns the text", "labels.a", "marks of direction", labels={"a": "\u202eclaims"}),
    _fields("unknown destination", "these destinations: legal", code=ErrorCode.UNKNOWN_DESTINATION, destination="mine"),
    _fields("destination URL", "destination", "small letters, digits and dashes", destination="s3://acme-llm/other/"),
)  # fmt: skip

OPTIONS = tuple(
    _fields(f"{name} {str(value)[:8]}", f"options.{name}" if "reload" not in words else name, *words,
            options={name: value})
    for name, value, *words in (
        ("num_predict", 0, "at least 1"),
        ("num_predict", -1, "at least 1", "maxTokens"),
        ("num_predict", True, "whole number"),
        ("num_predict", "5", "without quotes"),
        ("num_predict", 1.5, "whole number"),
        ("num_predict", 10**9, "less than or equal to 131072"),
        ("temperature", 9, "less than or equal to 5"),
        ("seed", 10**20, "less than or equal to"),
        ("stop", "a", 'should be a list, such as ["END"]'),
        ("stop", ["a"] * 10_000, "at most 16 items"),
        ("stop", ["a" * 9000], "at most 256 characters"),
        ("max_tokens", 5, "unknown field"),
        ("num_ctx", 8192, "reload", "contextLength", "leave it out"),
        ("num_gpu", 0, "reload", "leave it out"),
        ("use_mmap", False, "reload", "leave it out"),
    )
)  # fmt: skip

EXPIRIES = (
    _fields("expired", "needs a later one", code=ErrorCode.EXPIRED, expires_at="2020-01-01T00:00:00Z"),
    _fields("expired in the year 1", code=ErrorCode.EXPIRED, expires_at="0001-01-01T00:00:00+14:00"),
    _fields("no zone", "expires_at", "with its zone", expires_at="2099-01-01T00:00:00"),
    _fields("seconds since 1970", "expires_at", "2026-11-22T18:00:00Z", expires_at=4_000_000_000),
    _fields("the same as text", "expires_at", "2026-11-22T18:00:00Z", expires_at="4000000000"),
    _fields("tomorrow", "expires_at", expires_at="tomorrow"),
    _fields("the year 9999", code=None, expires_at="9999-12-31T23:59:59-12:00"),
)

DOUBLING = {"properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}}
CHAIN = {f"d{number}": {"allOf": [{"$ref": f"#/$defs/d{number + 1}"}]} for number in range(500)}
WIDE = {"type": "object", "properties": {f"p{number}": {"type": "string"} for number in range(10_000)}}

FORMATS = (
    _fields("format xml", "format", format="xml"),
    _fields("format number", "format", format=1),
    _fields("no type of JSON", "format/type", format={"type": "nonsense"}),
    _fields("properties list", "format/properties", format={"properties": []}),
    _fields("reference to itself", "lead back", format={"$ref": "#"}),
    _fields("reference that doubles", code=None, prompt="{}", format=DOUBLING),
    _fields("500 references in a chain", "at most 100", format={"$defs": CHAIN | {"d500": {}}, "$ref": "#/$defs/d0"}),
    _fields("reference to http", "only references of the form #/", format={"$ref": "http://127.0.0.1:9/a"}),
    _fields("reference to nothing", "format is not usable", format={"$ref": "#/$defs/a"}),
    _fields("no regular expression", "format/pattern", "no regular expression", format={"pattern": "("}),
    _fields("huge repeat", "format/pattern", format={"pattern": "((a{1000}){1000}){1000}"}),
    _fields("no number between", "no number is at least 5 and at most 3", format={"minimum": 5, "maximum": 3}),
    _fields("no value of its type", "none of its values", format={"type": "string", "enum": [1]}),
    _fields("contains itself", "without end", format={"properties": {"a": {"$ref": "#"}}, "required": ["a"]}),
    _fields("enum of 10,000", "2,500 choices", format={"enum": list(range(10_000))}),
    _fields("10,000 optional properties", "5,000 schemas", format=WIDE),
    _fields("200 optional properties", "at most 100", format={"properties": {f"p{n}": {} for n in range(200)}}),
    _fields("catastrophic elsewhere", code=None, prompt=json.dumps("a" * 5000), format={"pattern": "^(a+)+$"}),
)

IMAGES = tuple(
    _fields(f"image {name}", *words, images=[value], prompt=f"{PROMPT} {name}")
    for name, value, *words in (
        ("that is none", "aGVsbG8=", "image 1 is no JPEG, PNG"),
        ("that is PDF", base64.b64encode(b"%PDF-1.7").decode(), "image 1 is no JPEG, PNG"),
        ("not base64", "no image!", "images[0]", "should be base64"),
        ("as data URL", f"data:image/png;base64,{PNG}", "images[0]", "leave out data:"),
        ("by URL", "https://example.com/a.png", "images[0]", "nothing is fetched"),
        ("cut off", PNG, "Ollama can't read an image"),
        ("as large as memory", VAST, "4,096,000,000 pixels together", "at most 50,000,000"),
    )
)

TOO_LONG = (
    _fields("words beyond the context", "3,000 words", "2,048 tokens", code=LONG, prompt="word " * 3000),
    _fields("tokens beyond the context", "context length", "Shorten", code=LONG, prompt="x" * 900_000),
    _fields(
        "chat beyond the context", "3,000 words", code=LONG, prompt=...,
        messages=[{"role": "user", "content": "word " * 1000}] * 3,
    ),
)  # fmt: skip


def _stored(name: str, there: bytes | None, *words: str, code: ErrorCode | None = BAD, **fields: Any) -> Case:
    """A pointer, and what it points to."""
    job_id = f"stored-{next(_numbers)}"
    body = json.dumps({"id": job_id, "stored": True} | fields)
    return Case(name, body, code, words, job_id, stored=there)


STORED = (
    _stored("nothing stored", None, "there is no body at s3://", "keep `jobs/`", code=ErrorCode.STORED_JOB_MISSING),
    _stored("another's stored job", b'{"id": "other", "prompt": "a"}', "has another id"),
    _stored("stored job without id", b'{"prompt": "a"}', "has no id"),
    _stored("pointer to a pointer", b'{"id": "a", "stored": true}', "can't point to another"),
    _stored("stored words", b"Summarise", "not JSON"),
    _stored("stored UTF-16", '{"prompt": "a"}'.encode("utf-16"), "not UTF-8"),
    _stored("stored 2 MiB", b" " * 2 * MIB, "bytes", code=ErrorCode.BODY_TOO_LARGE),
    _stored("pointer with a prompt", None, "stored: true goes with id alone", prompt=PROMPT),
    _stored("pointer to elsewhere", None, "stored: ", stored="jobs/other.json"),
    _text("pointer without id", '{"stored": true}', "id: "),
    _text("pointer with a path", '{"id": "../other", "stored": true}', "id: "),
)

ENVELOPES = (
    _text("SNS", json.dumps(ENVELOPE), "raw message delivery", code=ErrorCode.ENVELOPE),
    _text("EventBridge", json.dumps(EVENT), "send `detail` alone", code=ErrorCode.ENVELOPE),
    _text("S3's event", json.dumps({"Records": [{"eventName": "a"}]}), "Records: unknown field"),
)


def _forged(name: str, attribute: str, job_id: str | None = None, code: ErrorCode | None = None) -> Case:
    """An attribute of ours that we did not write: as much of it counts as can be read, its id and time at most."""
    own: MessageAttributeValueTypeDef = {"DataType": "String", "StringValue": attribute}
    return Case(f"history {name}", json.dumps({"prompt": PROMPT}), code, (), job_id, own)


def _history(**fields: Any) -> str:
    return json.dumps({"id": "forged", "submitted_at": "2026-01-01T00:00:00Z"} | fields)


FAILURE = {"attempt": 1, "code": "stalled", "message": "a", "worker": "b", "at": "2026-01-01T00:00:00Z"}

HISTORIES = (
    _forged("nonsense", "{nonsense"),
    _forged("of 8 KiB", json.dumps({"id": "forged", "pad": "a" * 8000})),
    _forged("deep", "[" * 4000),
    _forged("with an unknown field", _history(id="forged-4", own=1), "forged-4", ErrorCode.EXPIRED),
    _forged("of 25 attempts", _history(id="forged-5", failures=[FAILURE] * 25), "forged-5", ErrorCode.EXPIRED),
    _forged("from the future", _history(id="forged-1", submitted_at="2099-01-01T00:00:00Z"), "forged-1"),
    _forged("that replaces", _history(id="forged-2", submitted_at="2099-01-01T00:00:00Z", replaces='"a"'), "forged-2"),
    _forged("from the year 2999", _history(id="forged-6", submitted_at="2999-01-01T00:00:00Z")),
    _forged("from the year 1", _history(id="forged-3", submitted_at="0001-01-01T00:00:00+14:00")),
    Case("history binary", json.dumps({"prompt": PROMPT}), None,
         history={"DataType": "Binary", "BinaryValue": b"\x00\xff"}),
)  # fmt: skip

CASES: tuple[Case, ...] = (
    *NOT_JSON, *NOT_AN_OBJECT, *BAD_IDS, *FIELDS, *OPTIONS, *EXPIRIES, *FORMATS, *IMAGES, *TOO_LONG, *STORED,
    *ENVELOPES, *HISTORIES,
)  # fmt: skip
