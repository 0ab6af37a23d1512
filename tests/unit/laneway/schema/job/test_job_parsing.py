from __future__ import annotations

import codecs
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.values import MAX_BODY_BYTES
from laneway.schema.job.job import InvalidJob, Job, StoredJob, parse_job, parse_message
from laneway.schema.shared.strict_json import MAX_DEPTH
from support.inputs.jobs import JOBS, JSON_VALUES, PROPERTY, mutated

CANARY = "canary-5f1e"
MIB = 1024 * 1024


def refusal(body: bytes) -> InvalidJob:
    with pytest.raises(InvalidJob) as caught:
        parse_message(body)
    return caught.value


def is_job_or_refused(body: bytes) -> bool:
    try:
        return isinstance(parse_message(body), Job | StoredJob)
    except InvalidJob as refused:
        return bool(str(refused))


@PROPERTY
@given(JOBS)
def test_a_job_survives_being_sent(job: Job) -> None:
    assert parse_job(job.to_body()) == job


@PROPERTY
@given(JOBS)
def test_a_body_holds_no_empty_fields(job: Job) -> None:
    assert None not in json.loads(job.to_body()).values()


@pytest.mark.parametrize(
    "body", [Job(id="a", prompt="\ufeffHi").to_body(), StoredJob(id="a").model_dump_json().encode()]
)
def test_a_byte_order_mark_before_a_message_is_passed_over(body: bytes) -> None:
    assert parse_message(codecs.BOM_UTF8 + body) == parse_message(body)


def test_a_refusal_says_nothing_of_how_bytes_are_decoded() -> None:
    assert "utf-8-sig" not in str(refusal(codecs.BOM_UTF8 * 2 + b"{}"))


@PROPERTY
@given(st.binary(max_size=300))
def test_random_bytes_are_a_job_or_refused(body: bytes) -> None:
    assert is_job_or_refused(body)


@PROPERTY
@given(st.text(max_size=300))
def test_random_text_is_a_job_or_refused(text: str) -> None:
    assert is_job_or_refused(text.encode("utf-8", "surrogatepass"))


@PROPERTY
@given(JSON_VALUES)
def test_random_json_is_a_job_or_refused(value: Any) -> None:
    assert is_job_or_refused(json.dumps(value).encode())


@PROPERTY
@given(st.dictionaries(st.sampled_from([*Job.model_fields, "stored", "TopicArn", "detail"]), JSON_VALUES, max_size=6))
def test_known_fields_with_random_values_are_a_job_or_refused(document: dict[str, Any]) -> None:
    assert is_job_or_refused(json.dumps(document).encode())


@settings(PROPERTY, suppress_health_check=[HealthCheck.too_slow])
@given(mutated(JOBS.map(Job.to_body)))
def test_a_damaged_job_is_a_job_or_refused(body: bytes) -> None:
    assert is_job_or_refused(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"   ", id="blank"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'"prompt"', id="string"),
        pytest.param(b"7", id="number"),
        pytest.param(b"{}", id="empty-object"),
        pytest.param(b'{"prompt": "a"', id="cut"),
        pytest.param(b'{"prompt": "a"} {"prompt": "a"}', id="two-documents"),
        pytest.param(b"[" * 50_000, id="deep-array"),
        pytest.param(b"[" * 50_000 + b"]" * 50_000, id="deep-closed-array"),
        pytest.param(b'{"a":' * 50_000, id="deep-object"),
        pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, id="deep-closed-object"),
        pytest.param(b'{"format":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), id="one-level-too-deep"),
        pytest.param(b"]" * 100 + b"[" * 100, id="closed-before-opened"),
        pytest.param(b'{"prompt": ' + b"9" * 5000 + b"}", id="huge-integer"),
        pytest.param(b'{"prompt": 0.' + b"9" * 5000 + b"}", id="huge-fraction"),
        pytest.param(b'{"prompt": "a", "options": {"temperature": NaN}}', id="nan"),
        pytest.param(b'{"prompt": "a", "options": {"temperature": Infinity}}', id="infinity"),
        pytest.param(b'{"prompt": "a", "options": {"temperature": -Infinity}}', id="minus-infinity"),
        pytest.param(b'{"prompt": "a", "options": {"temperature": 1e999}}', id="float-overflow"),
        pytest.param(b'{"prompt": "a", "format": {"maximum": 1e999}}', id="float-overflow-in-format"),
        pytest.param(b'{"prompt": "a", "prompt": "b"}', id="same-key-twice"),
        pytest.param(b'{"prompt": "a", "format": {"type": "object", "type": "array"}}', id="same-nested-key-twice"),
        pytest.param(b'{"prompt": "\\ud800"}', id="lone-high-surrogate"),
        pytest.param(b'{"prompt": "\\udc00 a"}', id="lone-low-surrogate"),
        pytest.param(b'{"\\ud800": 1, "prompt": "a"}', id="lone-surrogate-in-key"),
        pytest.param(b'{"prompt": "\xff\xfe"}', id="not-utf8"),
        pytest.param(b'{"prompt": "\xed\xa0\x80"}', id="encoded-surrogate"),
        pytest.param('{"prompt": "a"}'.encode("utf-16"), id="utf-16"),
        pytest.param(codecs.BOM_UTF8 * 2 + b'{"prompt": "a"}', id="two-byte-order-marks"),
        pytest.param(b'{"prompt": "a\nb"}', id="control-character"),
        pytest.param(b'\\"' * (MAX_BODY_BYTES // 2), id="a-mebibyte-of-escaped-quotes"),
        pytest.param(b'"' * MAX_BODY_BYTES, id="a-mebibyte-of-quotes"),
        pytest.param(b'{"stored": false, "id": "a"}', id="stored-false"),
        pytest.param(b'{"stored": true}', id="stored-without-id"),
        pytest.param(b'{"stored": true, "id": "../a"}', id="stored-elsewhere"),
        pytest.param(b'{"stored": true, "id": "a", "prompt": "b"}', id="stored-with-a-prompt"),
        pytest.param(b"{'prompt': 'a'}", id="python"),
    ],
)
def test_hostile_input_is_an_invalid_job(body: bytes) -> None:
    assert refusal(body).code is ErrorCode.INVALID_JOB


def test_a_body_of_the_largest_size_is_read() -> None:
    frame = b'{"prompt": "%s"}'
    body = frame % (b'\\"' * ((MAX_BODY_BYTES - len(frame) + 2) // 2))
    job = parse_job(body)
    assert MAX_BODY_BYTES - 1 <= len(body) <= MAX_BODY_BYTES
    assert job.prompt is not None
    assert set(job.prompt) == {'"'}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'\\"' * (MIB // 2), id="a-mebibyte-of-escaped-quotes"),
        pytest.param(b" " * (MAX_BODY_BYTES + 1), id="one-byte-too-many"),
        pytest.param(b"[" * MIB, id="a-mebibyte-of-brackets"),
    ],
)
def test_a_body_over_the_limit_is_refused_unread(body: bytes) -> None:
    refused = refusal(body)
    assert refused.code is ErrorCode.BODY_TOO_LARGE
    assert f"{len(body):,}" in str(refused)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            {"Type": "Notification", "MessageId": "7", "TopicArn": "arn:aws:sns:a:1:t", "Message": '{"prompt": "a"}'},
            id="sns",
        ),
        pytest.param({"version": "0", "detail-type": "t", "source": "s", "detail": {"prompt": "a"}}, id="eventbridge"),
    ],
)
def test_an_envelope_is_named(document: dict[str, Any]) -> None:
    assert refusal(json.dumps(document).encode()).code is ErrorCode.ENVELOPE


def test_nesting_up_to_the_limit_is_read() -> None:
    inside = b'{"a":' * (MAX_DEPTH - 1) + b"1" + b"}" * (MAX_DEPTH - 1)
    assert parse_job(b'{"prompt": "a", "format": ' + inside + b"}").format is not None


def test_brackets_and_escaped_quotes_inside_texts_do_not_count_as_nesting() -> None:
    text = '[{"\\' * 500
    assert parse_job(json.dumps({"prompt": text}).encode()).prompt == text


def test_a_pointer_is_read() -> None:
    assert parse_message(b'{"id": "a", "stored": true}') == StoredJob(id="a")


def test_a_pointer_is_no_stored_body() -> None:
    with pytest.raises(InvalidJob, match="can't point to another"):
        parse_job(b'{"id": "a", "stored": true}')


@pytest.mark.parametrize("job_id", ["a", "claim-2026-0001", "A.b_c-D", "9" * 128])
def test_a_readable_id_of_an_invalid_job_is_kept(job_id: str) -> None:
    assert refusal(json.dumps({"id": job_id, "promt": "a"}).encode()).job_id == job_id


@pytest.mark.parametrize("job_id", ["", ".a", "-a", "a/b", "../a", "a b", "a\n", "ä", "9" * 129, 7, None, ["a"]])
def test_an_unacceptable_id_is_refused_and_not_kept(job_id: object) -> None:
    assert refusal(json.dumps({"id": job_id, "promt": "a"}).encode()).job_id is None


def test_a_body_with_many_mistakes_is_refused_as_fast_as_one_with_few() -> None:
    document = {"prompt": "a", "labels": {f"k{number}": number for number in range(60_000)}}
    assert str(refusal(json.dumps(document).encode())).endswith("and 59975 more")


CANARIES: st.SearchStrategy[Any] = st.recursive(
    st.just(CANARY) | st.just(7) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "function", "name", "num_ctx", "type"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@PROPERTY
@given(st.dictionaries(st.sampled_from([*Job.model_fields, "promt", "keep_alive", "stored"]), CANARIES, max_size=6))
def test_a_refusal_quotes_no_value(document: dict[str, Any]) -> None:
    words = ""
    try:
        parse_message(json.dumps(document).encode())
    except InvalidJob as refused:
        words = str(refused)
    assert CANARY not in words


@pytest.mark.parametrize(
    "body",
    [
        f'{{"prompt": "{CANARY}"'.encode(),
        f'{{"prompt": "{CANARY}", "prompt": "{CANARY}"}}'.encode(),
        f'{{"prompt": "{CANARY}\\ud800"}}'.encode(),
        f'{{"prompt": "{CANARY}'.encode() + b'\xff"}',
        f'{{"prompt": "{CANARY}", "options": {{"seed": NaN}}}}'.encode(),
        f'{{"prompt": "{CANARY}", "images": ["{CANARY}!"]}}'.encode(),
        f'{{"prompt": "{CANARY}", "think": "{CANARY}"}}'.encode(),
        f'{{"TopicArn": "{CANARY}", "Message": "{CANARY}"}}'.encode(),
        f'{{"prompt": "{CANARY}", "expires_at": "{CANARY}"}}'.encode(),
        CANARY.encode(),
    ],
)
def test_a_refusal_of_a_damaged_body_quotes_nothing_of_it(body: bytes) -> None:
    assert CANARY not in str(refusal(body))
