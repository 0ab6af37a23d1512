"""`laneway estimate`: tokens, time and money of a file of jobs, before anything is sent."""

from __future__ import annotations

from typing import Annotated

import typer

from laneway.cli.files.sending import job_lines
from laneway.cli.files.text import read_text
from laneway.cli.output import JsonOption, LaneOption, PoolOption, errors_in_words, open_pool, print_json, tell


def estimate(
    jobs: Annotated[str, typer.Argument(metavar="JOBS.JSONL", help="One job a line; `-` is standard input.")],
    lane: LaneOption = None,
    pool: PoolOption = None,
    json_: JsonOption = False,
) -> None:
    """Say about how many tokens, how much time and how much money a file of jobs takes. Nothing is sent."""
    from laneway.schema.estimate.bill import bill_of  # noqa: PLC0415 - costs what `--help` should not pay

    with errors_in_words():
        source = open_pool(pool)
        chosen = source.lane(lane)
        found = job_lines(source, read_text(jobs), jobs, lane=chosen.name, fields={}).todo
        begins, known = source.estimate(chosen.name), source.known(chosen.name)
        bill = bill_of([each.job.job for each in found], chosen, known, begins)
        if json_:
            print_json(bill.model_dump(mode="json", exclude_none=True))
        else:
            tell(str(bill))
