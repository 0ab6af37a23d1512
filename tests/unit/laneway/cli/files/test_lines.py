from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from laneway.cli.files.lines import OTHERS_LINE, BadLines, JobLines, Reading, read_jobs
from laneway.client.sending.checked import check
from laneway.schema.job.fields.refusals import REFUSED_OPTIONS
from support.inputs.documents import POOL_DOCUMENT

READING = Reading("fast", {}, (), lambda job: check(POOL_DOCUMENT, job, {}, "fast", None))


def read(text: str, **changed: Any) -> JobLines:
    return read_jobs(text, "jobs.jsonl", replace(READING, **changed))


def refused(text: str) -> list[str]:
    with pytest.raises(BadLines) as caught:
        read(text)
    return caught.value.lines


def job(job_id: str | None = None, prompt: str = "Why?", **fields: Any) -> str:
    named = {} if job_id is None else {"id": job_id}
    return json.dumps({**named, "prompt": prompt, **fields})


def ids(text: str, **changed: Any) -> list[str]:
    return [each.job.id for each in read(text, **changed).todo]


@pytest.mark.parametrize(
    "text",
    [
        f"{job('a')}\n{job('b')}",
        f"{job('a')}\n{job('b')}\n",
        f"\n{job('a')}\n \t\n\n{job('b')}\n\n",
        f"{job('a')}\n\ufeff{job('b')}\n\ufeff",
        f"  {job('a')} \n{job('b')}\v",
    ],
    ids=["no-end", "end", "blank-lines", "two-files-with-marks", "blanks"],
)
def test_each_line_is_a_job(text: str) -> None:
    assert ids(text) == ["a", "b"]


def test_a_line_separator_in_a_text_ends_no_line() -> None:
    (line,) = read(json.dumps({"id": "a", "prompt": "a\u2028b\x85c"}, ensure_ascii=False)).todo
    assert line.job.job.prompt == "a\u2028b\x85c"


def test_all_that_is_wrong_is_told_by_its_line() -> None:
    lines = [
        job("a"),
        job("b", model="llama3:8b"),
        "",
        job("c", destination="legal"),
        job("a", "Other?"),
        '{"id": 4711, "prompt": "Why?"}',
        job("d", ""),
        "words",
        f"{job('e')},",
        job("f", options={"num_gpu": 1}),
        f"[{job('g')}]",
        '{"prompt": "a", "prompt": "b"}',
        job("h", "x" * 1_100_000),
        '{"id": "i", "prompt": "\\ud800"}',
        '{"custom_id": "j", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": []}}',
        job("f"),
    ]
    assert [tuple(line.split(": ", 1)) for line in refused("\n".join(lines))] == [
        ("jobs.jsonl:2", "lane fast serves gemma3:4b"),
        ("jobs.jsonl:4", "the pool declares these destinations: none"),
        ("jobs.jsonl:5", "the id a stands twice, first in jobs.jsonl:1; give each job its own"),
        ("jobs.jsonl:6", "id: should be a text: write it in quotes"),
        ("jobs.jsonl:7", "prompt: should have at least 1 character"),
        ("jobs.jsonl:8", "not JSON: Expecting value at character 1"),
        ("jobs.jsonl:9", "the line ends with a comma: remove it, each line is a JSON document of its own"),
        ("jobs.jsonl:10", f"options.num_gpu: not accepted: {REFUSED_OPTIONS['num_gpu'].why}"),
        ("jobs.jsonl:11", "the body should be a JSON object, not an array; send one message for each job"),
        ("jobs.jsonl:12", "a key stands twice in one object"),
        ("jobs.jsonl:13", "the body has 1,100,025 bytes; at most 1,040,384 are accepted"),
        ("jobs.jsonl:14", "not JSON: half of a surrogate pair stands alone"),
        ("jobs.jsonl:15", OTHERS_LINE),
        ("jobs.jsonl:16", "the id f stands twice, first in jobs.jsonl:10; give each job its own"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no jobs: write one a line"),
        ("\n \n", "holds no jobs"),
        (json.dumps([{"prompt": "a"}]), "is one JSON list: write one job a line, by jq -c '.[]'"),
        (json.dumps([{"prompt": "a"}, {"prompt": "b"}], indent=2), "is one JSON list"),
        ('[\n{"prompt": "a"},\n{"prompt": "b"},\n]', "is one JSON list"),
        (
            json.dumps({"prompt": "a"}, indent=2),
            "has a job that goes over several lines: write each on one, by jq -c .",
        ),
        (json.dumps({"prompt": "a"}, indent=2) * 2, "has a job that goes over several lines"),
    ],
    ids=["empty", "blank", "list", "long-list", "list-with-a-comma-too-many", "one-job", "long-jobs"],
)
def test_what_is_no_file_of_lines_is_told_once(text: str, words: str) -> None:
    (line,) = refused(text)
    assert line.startswith(f"jobs.jsonl {words}")


def test_lines_without_ids_keep_theirs_and_equal_ones_are_two() -> None:
    text = "\n".join([job(), job(), job(prompt="Other?"), '{"id": null, "prompt": "Why?"}'])
    first = ids(text)
    assert len(set(first)) == 4
    assert ids(text) == first
    assert ids("\n".join([job(prompt="New?"), text]))[1:] == first


def test_an_id_follows_from_the_lane_and_from_what_the_command_line_adds() -> None:
    found = [ids(job(), **changed) for changed in ({}, {"lane": "slow"}, {"fields": {"system": "Be short."}})]
    assert len({each for (each,) in found}) == 3


def test_what_is_done_is_not_checked_again() -> None:
    text = f"{job('a', model='llama3:8b')}\n{job('b')}"
    found = read(text, done={"a"})
    assert (found.done, [each.job.id for each in found.todo]) == (["a"], ["b"])
