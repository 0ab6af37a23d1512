"""What must hold in every world: small checks over what happened; each says what broke."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation import attempt_checks, lease_checks, reply_checks, result_checks, table_checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simulation.record import Record

CHECKS: tuple[Callable[[Record], Iterator[str]], ...] = (
    result_checks.one_result,
    result_checks.an_id_is_its_stored_requests,
    result_checks.never_overwritten,
    result_checks.deleted_after_its_result,
    attempt_checks.attempts_are_the_jobs_own,
    attempt_checks.broken_engines_receive_nothing,
    attempt_checks.history_goes_on,
    lease_checks.no_late_heartbeat,
    lease_checks.newest_handle,
    result_checks.failed_jobs_are_kept,
    result_checks.told_after_the_result,
    attempt_checks.no_prefetch,
    attempt_checks.nothing_runs_past_its_time,
    lease_checks.lost_leases_stop_the_work,
    lease_checks.releases_keep_the_count,
    lease_checks.leaves_in_order,
    lease_checks.leaves_in_time,
    lease_checks.sleeps_by_its_schedule,
    result_checks.answers_are_whole,
    result_checks.ends_have_their_cause,
    reply_checks.streams_are_in_order,
    reply_checks.streams_come_to_an_end,
    reply_checks.ends_are_told_of_what_stands,
    reply_checks.hang_ups_are_seen_at_once,
    reply_checks.nothing_waits_for_a_stream,
    table_checks.told_of_what_stands,
    table_checks.revisions_go_on,
    table_checks.rows_equal_s3,
    table_checks.rows_hold_no_text,
)


def broken(record: Record) -> list[str]:
    """What broke in a world, each with the name of its invariant."""
    return [f"{check.__name__}: {words}" for check in CHECKS for words in check(record)]
