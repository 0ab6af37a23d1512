"""What a person does with failed jobs, on queues that nobody works on."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from laneway import InvalidJob, PoolUnavailable
from laneway.client.failed_entries import Unreadable
from laneway.client.failed_jobs import FailedJobRefused, Refused, RetryOutcome
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import MAX_INLINE_BYTES
from support.inputs.pool_files import CANARY
from support.local.failed_jobs import Kept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.aws.emulators import Aws

HOUR = timedelta(hours=1)


@pytest.fixture
def kept(aws: Aws, tmp_path: Path) -> Kept:
    return Kept(aws.endpoint, tmp_path)


def ids(found: Iterator[object]) -> list[str]:
    return [str(getattr(each, "id", each)) for each in found]


def refused(outcomes: Iterator[object]) -> list[str]:
    return [each.id for each in outcomes if isinstance(each, Refused)]


def test_a_pool_without_failed_jobs_lists_none(kept: Kept) -> None:
    assert list(kept.pool.failed.list()) == []


def test_jobs_are_listed_as_they_are_kept(kept: Kept) -> None:
    planted = [kept.fail(name) for name in ("a", "b")]
    assert list(kept.pool.failed.list()) == planted


def test_jobs_behind_the_first_page_of_s3_are_listed(kept: Kept) -> None:
    with ThreadPoolExecutor(8) as threads:  # a page has 1,000 keys
        list(threads.map(lambda number: kept.put(f"{kept.place.failed_folder}{number:04}.txt", b""), range(1000)))
    kept.fail("a")
    assert ids(kept.pool.failed.list()) == ["a"]


def test_jobs_are_selected_by_id_code_lane_and_age(kept: Kept) -> None:
    kept.fail("late", ErrorCode.TIMED_OUT, ago=3 * HOUR)
    kept.fail("bad", ErrorCode.INVALID_JOB)
    kept.fail("slow", ErrorCode.TIMED_OUT, lane="slow")
    failed = kept.pool.failed
    assert ids(failed.list(["slow", "nobody", "bad"])) == ["slow", "bad"]
    assert ids(failed.list(code="timed_out")) == ["late", "slow"]
    assert ids(failed.list(lane="slow")) == ["slow"]
    assert ids(failed.list(older_than=HOUR)) == ["late"]
    assert ids(failed.list(newer_than=HOUR)) == ["bad", "slow"]
    assert ids(failed.list(newer_than=timedelta(0))) == []
    assert ids(failed.list(["late", "bad"], code="timed_out", lane="fast", older_than=HOUR)) == ["late"]


def test_a_job_whose_result_has_changed_is_not_listed(kept: Kept) -> None:
    kept.fail("a")
    kept.end("a", "succeeded")
    kept.fail("b")
    kept.aws.s3.delete_object(Bucket=kept.place.bucket, Key=kept.place.result("b"))
    assert list(kept.pool.failed.list()) == []


def test_other_objects_in_the_folder_are_passed_over(kept: Kept) -> None:
    kept.fail("a")
    for name in ("notes.txt", ".hidden.json", "deeper/a.json", ""):
        kept.put(f"{kept.place.failed_folder}{name}", b"?")
    assert ids(kept.pool.failed.list()) == ["a"]


def test_an_entry_that_can_not_be_read_is_told_of_and_holds_up_none(kept: Kept) -> None:
    key = kept.leave_unreadable("b")
    kept.fail("a")
    told: list[Unreadable] = []
    for names in (None, ["b", "a"]):
        assert ids(kept.pool.failed.list(names, unreadable=told.append)) == ["a"]
    assert [each.key for each in told] == [key, key]
    assert not any(CANARY in str(each) for each in told)


def test_an_entry_that_can_not_be_read_is_logged_where_nobody_asks(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    key = kept.leave_unreadable("a")
    assert list(kept.pool.failed.list()) == []
    assert f"{key} is not readable by this version" in caplog.text
    assert CANARY not in caplog.text


def test_a_job_whose_entry_can_not_be_read_is_told_so(kept: Kept) -> None:
    key = kept.leave_unreadable("a")
    failed = kept.pool.failed
    for action in (failed.show, failed.retry, failed.drop):
        with pytest.raises(Unreadable, match=rf"{key} is not readable by this version: .*code"):
            action("a")
    assert kept.messages() == []
    assert kept.has(key)


def test_a_result_that_can_not_be_read_is_told_so(kept: Kept) -> None:
    kept.put(kept.place.result("a"), json.dumps({"id": "a", "text": CANARY}).encode())
    with pytest.raises(Unreadable, match=r"results/a\.json is not readable") as caught:
        kept.pool.failed.retry("a")
    assert CANARY not in str(caught.value)


def test_of_many_one_that_can_not_be_read_holds_up_none(kept: Kept) -> None:
    names = ["a", "b", "c", "d"]
    for name in names:
        kept.fail(name)
    kept.leave_unreadable("b")
    kept.put(kept.place.result("c"), b"?")
    failed = kept.pool.failed
    assert refused(failed.retry_all(["a", "b", "c"], rate=1000)) == ["b", "c"]
    assert refused(failed.drop_all(["d", "b"], rate=1000)) == ["b"]
    assert [message.history.id for message in kept.messages()] == ["a"]
    assert not kept.has(kept.place.failed("d"))


def test_show_has_the_job_with_its_body(kept: Kept) -> None:
    planted = kept.fail("a")
    failed = kept.pool.failed
    assert failed.show("a") == planted
    assert failed.body(planted) == planted.body


def test_the_body_of_a_pointer_is_the_stored_one(kept: Kept) -> None:
    planted = kept.fail("a", body='{"id": "a", "stored": true}')
    with pytest.raises(FailedJobRefused, match=r"jobs/a\.json"):
        kept.pool.failed.body(planted)
    kept.put(kept.place.job("a"), b'{"id": "a", "prompt": "Long?"}')
    assert kept.pool.failed.body(planted) == '{"id": "a", "prompt": "Long?"}'


def test_a_retry_sends_the_body_as_it_was_and_names_what_it_may_replace(kept: Kept) -> None:
    body = '{"prompt" : "Why?", "id": "a"}'
    planted = kept.fail("a", body=body, group_id="claims")
    began = datetime.now(UTC)
    outcome = kept.pool.failed.retry("a")
    (message,) = kept.messages()
    assert outcome == RetryOutcome("a", "fast", planted.result_etag)
    assert (message.body, message.group_id) == (body, "claims")
    assert (message.history.id, message.history.failures) == ("a", ())
    assert message.history.replaces == planted.result_etag
    assert began <= message.history.submitted_at <= datetime.now(UTC)
    assert list(kept.pool.failed.list()) == []


@pytest.mark.parametrize("failed", ['{"id": "a", "prompt": "Say exactly: APPROVED"}', '{"id": "a", "x": 1}', "garbage"])
def test_a_retry_sends_the_stored_request_and_not_anothers_that_failed_under_its_id(kept: Kept, failed: str) -> None:
    own = b'{"id":"a","prompt":"Why?"}'
    kept.fail("a", body=failed)
    kept.put(kept.place.job("a"), own)
    outcome = kept.pool.failed.retry("a")
    assert [message.body.encode() for message in kept.messages()] == [own]
    assert outcome.stored


def test_a_retry_of_the_stored_request_itself_sends_it_as_it_was(kept: Kept) -> None:
    body = '{"prompt" : "Why?", "id": "a"}'
    kept.fail("a", body=body)
    kept.put(kept.place.job("a"), b'{"id":"a","prompt":"Why?"}')
    assert not kept.pool.failed.retry("a").stored
    assert [message.body for message in kept.messages()] == [body]


def test_a_long_stored_request_is_pointed_to(kept: Kept) -> None:
    kept.fail("a", body='{"id": "a", "x": 1}')
    kept.put(kept.place.job("a"), json.dumps({"id": "a", "prompt": "Why? " * MAX_INLINE_BYTES}).encode()[:100_000])
    kept.pool.failed.retry("a")
    assert [json.loads(message.body) for message in kept.messages()] == [{"id": "a", "stored": True}]


def test_a_body_that_nobody_can_read_is_sent_as_it_was(kept: Kept) -> None:
    kept.fail("a", ErrorCode.INVALID_JOB, body="Summarise: …")
    kept.pool.failed.retry("a")
    assert [message.body for message in kept.messages()] == ["Summarise: …"]


def test_a_retry_goes_to_the_lane_that_is_named(kept: Kept) -> None:
    kept.fail("a")
    assert kept.pool.failed.retry("a", to="slow").lane == "slow"
    assert (len(kept.messages("fast")), len(kept.messages("slow"))) == (0, 1)


def test_a_lane_that_has_left_the_pool_is_told_and_another_one_takes_the_job(kept: Kept) -> None:
    kept.fail("a", lane="slow")
    kept.publish(("fast",))
    with pytest.raises(FailedJobRefused, match="the pool has fast now"):
        kept.pool.failed.retry("a")
    kept.pool.failed.retry("a", to="fast")
    assert len(kept.messages()) == 1


def test_an_unknown_lane_is_named_with_those_there_are(kept: Kept) -> None:
    kept.fail("a")
    with pytest.raises(InvalidJob, match="no lane nowhere; it has fast, slow"):
        kept.pool.failed.retry("a", to="nowhere")


def test_a_stored_body_that_is_missing_has_to_be_put_there_first(kept: Kept) -> None:
    kept.fail("a", ErrorCode.STORED_JOB_MISSING, body='{"id": "a", "stored": true}')
    with pytest.raises(FailedJobRefused, match=rf"s3://{kept.place.bucket}/{kept.place.job('a')}"):
        kept.pool.failed.retry("a")
    assert kept.messages() == []
    kept.put(kept.place.job("a"), b'{"id": "a", "prompt": "Long?"}')
    kept.pool.failed.retry("a")
    assert [message.body for message in kept.messages()] == ['{"id": "a", "stored": true}']


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ({"prompt": "a", "model": "llama3:8b"}, "serves gemma3:4b"),
        ({"prompt": "a", "destination": "legal"}, "destinations: none"),
    ],
)
def test_a_job_that_its_lane_still_refuses_is_not_sent(kept: Kept, job: dict[str, str], words: str) -> None:
    kept.fail("a", ErrorCode.UNKNOWN_MODEL, body=json.dumps({"id": "a", **job}))
    with pytest.raises(InvalidJob, match=words):
        kept.pool.failed.retry("a")
    assert kept.messages() == []
    assert ids(kept.pool.failed.list()) == ["a"]


def test_a_job_whose_own_deadline_has_passed_is_not_sent(kept: Kept) -> None:
    late = (datetime.now(UTC) - HOUR).isoformat()
    kept.fail("a", body=json.dumps({"id": "a", "prompt": "a", "expires_at": late}))
    with pytest.raises(FailedJobRefused, match="new id"):
        kept.pool.failed.retry("a")
    assert kept.messages() == []


def test_a_retry_of_a_retried_job_sends_nothing(kept: Kept) -> None:
    kept.fail("a")
    kept.pool.failed.retry("a")
    with pytest.raises(FailedJobRefused, match="it was retried"):
        kept.pool.failed.retry("a")
    assert len(kept.messages()) == 1


def test_who_means_an_earlier_failure_acts_on_none(kept: Kept) -> None:
    earlier = kept.fail("a").result_etag
    later = kept.fail("a").result_etag
    assert earlier != later
    for act in (kept.pool.failed.retry, kept.pool.failed.drop):
        with pytest.raises(FailedJobRefused, match="look at it first"):
            act("a", etag=earlier)
    assert kept.messages() == []
    assert kept.pool.failed.retry("a", etag=later).replaces == later


def test_two_retries_at_once_name_the_same_result(kept: Kept) -> None:
    planted = kept.fail("a")
    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(lambda pool: _try(pool.failed.retry), [kept.pool for _ in range(4)]))
    sent = [each for each in outcomes if isinstance(each, RetryOutcome)]
    assert {each.replaces for each in sent} == {planted.result_etag}
    assert {message.history.replaces for message in kept.messages()} == {planted.result_etag}
    assert list(kept.pool.failed.list()) == []


def _try(retry: object) -> object:
    assert callable(retry)
    try:
        return retry("a")
    except FailedJobRefused as error:
        return error


def test_a_job_that_failed_again_meanwhile_keeps_its_new_entry(kept: Kept) -> None:
    pool = kept.pool
    old = pool.failed._entries.get(kept.fail("a").id)  # what another person's command holds in its hands
    assert old is not None
    newer = kept.fail("a", ErrorCode.STALLED)
    assert pool.failed._entries.delete(old) is False
    assert list(pool.failed.list()) == [newer]


@pytest.mark.parametrize(
    ("status", "words"),
    [("succeeded", "nothing to mend"), ("cancelled", "under a new id"), ("failed", "or it was dropped")],
)
def test_what_is_no_failed_job_is_told_so(kept: Kept, status: str, words: str) -> None:
    kept.end("a", status)  # type: ignore[arg-type] # because pytest's parameters are plain strings
    failed = kept.pool.failed
    for action in (failed.show, failed.retry, failed.drop):
        with pytest.raises(FailedJobRefused, match=words):
            action("a")
    assert kept.messages() == []


def test_a_job_that_nobody_knows_is_told_so(kept: Kept) -> None:
    with pytest.raises(FailedJobRefused, match="neither a stored job nor a result of the id a: `laneway failed list`"):
        kept.pool.failed.show("a")


def test_a_job_that_is_on_its_way_has_not_failed(kept: Kept) -> None:
    kept.put(kept.place.job("a"), b'{"id": "a", "prompt": "Why?"}')
    with pytest.raises(FailedJobRefused, match="`laneway status a` says how it stands"):
        kept.pool.failed.retry("a")


def test_an_id_that_can_be_none_is_refused(kept: Kept) -> None:
    with pytest.raises(InvalidJob):
        kept.pool.failed.retry("../results/a")


def test_an_entry_of_an_older_failure_is_not_retried(kept: Kept) -> None:
    kept.fail("a")
    kept.end("a", "succeeded")
    with pytest.raises(FailedJobRefused, match="succeeded"):
        kept.pool.failed.retry("a")
    assert kept.messages() == []


def test_an_expired_job_is_sent_from_its_stored_body(kept: Kept) -> None:
    etag = kept.end("a", "expired", ErrorCode.EXPIRED)
    with pytest.raises(FailedJobRefused, match="was not stored"):
        kept.pool.failed.retry("a")
    kept.put(kept.place.job("a"), b'{"id": "a", "prompt": "Why?"}', lane="slow")
    assert kept.pool.failed.retry("a") == RetryOutcome("a", "slow", etag)
    (message,) = kept.messages("slow")
    assert (message.body, message.history.replaces) == ('{"id": "a", "prompt": "Why?"}', etag)


def test_the_large_body_of_an_expired_job_stays_where_it_is(kept: Kept) -> None:
    kept.end("a", "expired", ErrorCode.EXPIRED)
    kept.put(kept.place.job("a"), json.dumps({"id": "a", "prompt": "x" * MAX_INLINE_BYTES}).encode())
    kept.pool.failed.retry("a")
    assert [json.loads(message.body) for message in kept.messages()] == [{"id": "a", "stored": True}]


def test_a_dropped_job_keeps_its_result(kept: Kept) -> None:
    planted = kept.fail("a")
    assert kept.pool.failed.drop("a") == planted
    assert list(kept.pool.failed.list()) == []
    assert kept.pool.status("a").state == "failed"
    assert kept.messages() == []


def test_what_no_longer_counts_can_be_dropped(kept: Kept) -> None:
    kept.fail("a")
    kept.end("a", "succeeded")
    kept.pool.failed.drop("a")
    assert not kept.has(kept.place.failed("a"))


def test_many_are_retried_and_one_that_is_refused_holds_up_none(kept: Kept) -> None:
    names = [f"job-{number:02}" for number in range(20)]
    for name in names:
        kept.fail(name)
    kept.end("job-07", "succeeded")
    outcomes = list(kept.pool.failed.retry_all(names, rate=1000))
    assert [each.id for each in outcomes] == names
    assert [each.id for each in outcomes if isinstance(each, Refused)] == ["job-07"]
    assert len(kept.messages()) == 19


def test_a_message_that_sqs_refuses_holds_up_none(kept: Kept) -> None:
    kept.take_at_most(1024)
    kept.fail("long", body="x" * 2000)
    kept.fail("a")
    failed = kept.pool.failed
    with pytest.raises(FailedJobRefused, match="long: SQS refuses the message: InvalidParameterValue"):
        failed.retry("long")
    assert refused(failed.retry_all(["long", "a"], rate=1000)) == ["long"]
    assert [message.history.id for message in kept.messages()] == ["a"]
    assert ids(failed.list()) == ["long"]


def test_a_queue_that_has_gone_ends_the_run(kept: Kept) -> None:
    kept.fail("a")
    pool = kept.pool
    kept.remove_queue("fast")
    with pytest.raises(PoolUnavailable, match="sending the job"):
        list(pool.failed.retry_all(["a"]))
    assert ids(pool.failed.list()) == ["a"]


def test_many_that_are_interrupted_go_on_with_the_rest(kept: Kept) -> None:
    names = [f"job-{number:02}" for number in range(30)]
    for name in names:
        kept.fail(name)
    outcomes = kept.pool.failed.retry_all(names, rate=1000)
    for _ in range(5):
        next(outcomes)
    del outcomes  # closes it: those under way are finished
    left = ids(kept.pool.failed.list())
    assert 0 < len(left) <= 25
    list(kept.pool.failed.retry_all(left, rate=1000))
    assert sorted(message.history.id for message in kept.messages()) == names


def test_many_are_dropped(kept: Kept) -> None:
    for name in ("a", "b"):
        kept.fail(name)
    assert ids(kept.pool.failed.drop_all(["a", "nobody", "b"], rate=1000)) == ["a", "nobody", "b"]
    assert list(kept.pool.failed.list()) == []


def test_the_new_result_is_waited_for_and_not_the_old_one(kept: Kept) -> None:
    kept.fail("a")
    pool = kept.pool
    outcome = pool.failed.retry("a")
    with pytest.raises(TimeoutError):
        pool.wait("a", timeout=0.1, replaced=outcome.replaces)
    kept.end("a", "succeeded")
    assert pool.wait("a", timeout=5, replaced=outcome.replaces).status == "succeeded"
