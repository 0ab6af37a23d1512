from __future__ import annotations

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import MAX_EMBEDDING_NUMBERS, Job
from laneway_worker.adapters.ollama.embeddings import answered, dimensions, refuse_too_many, refuse_unshortened
from laneway_worker.errors import JobError
from laneway_worker.ports.runtime import Answer
from laneway_worker.request.request import Request, ollama_request
from support.worker.lane import documents_with


def asked_for(job: Job) -> Request:
    lane = documents_with()
    return ollama_request(job, lane.config.model, lane.live.limits, None)


def asking(texts: int) -> Request:
    return asked_for(Job(input=["x"] * texts))


@pytest.mark.parametrize(
    ("shown", "dims"),
    [
        ({"model_info": {"general.architecture": "bert", "bert.embedding_length": 384}}, 384),
        ({"model_info": {"gemma3.embedding_length": 640, "gemma3.context_length": 32768}}, 640),
        ({"model_info": {"a.embedding_length": 384, "b.embedding_length": 768}}, None),
        ({"model_info": {"bert.embedding_length": "many"}}, None),
        ({"model_info": {}}, None),
        ({"model_info": None}, None),
        ({"model_info": []}, None),
        ({}, None),
    ],
)
def test_the_dimensions_are_what_ollama_shows(shown: dict[str, object], dims: int | None) -> None:
    assert dimensions(shown) == dims


@pytest.mark.parametrize(("embeddings", "dims"), [([[0.5, 1.0, 2.0]], 3), ([[]], 0), ([], None), (None, None)])
def test_the_dimensions_are_what_has_come(embeddings: list[list[float]] | None, dims: int | None) -> None:
    assert answered(Answer(1, 0, None, None, embeddings=embeddings)) == dims


@pytest.mark.parametrize(
    ("texts", "dims"), [(2048, 1024), (512, 4096), (2048, 768), (2048, 0), (2048, None), (1, MAX_EMBEDDING_NUMBERS)]
)
def test_what_fits_into_one_job_is_let_through(texts: int, dims: int | None) -> None:
    refuse_too_many(asking(texts), dims)


@pytest.mark.parametrize(
    ("texts", "dims", "numbers", "most"),
    [
        (2048, 1025, "2,099,200", "2,046"),
        (2048, 4096, "8,388,608", "512"),
        (513, 4096, "2,101,248", "512"),
        (2, MAX_EMBEDDING_NUMBERS, "4,194,304", "1"),
    ],
)
def test_what_does_not_fit_is_refused_with_numbers(texts: int, dims: int, numbers: str, most: str) -> None:
    with pytest.raises(JobError, match=f"make {numbers} numbers; .* send at most {most} texts in each") as caught:
        refuse_too_many(asking(texts), dims)
    assert caught.value.code is ErrorCode.INVALID_JOB


@pytest.mark.parametrize("job", [Job(prompt="a"), Job(input="a")])
def test_only_lists_of_texts_are_counted(job: Job) -> None:
    refuse_too_many(asked_for(job), MAX_EMBEDDING_NUMBERS + 1)


@pytest.mark.parametrize(("asked", "made"), [(2, 2), (3, 2), (None, 2)])
def test_vectors_of_no_more_numbers_than_were_asked_for_are_given(asked: int | None, made: int) -> None:
    answer = Answer(1, 0, None, None, embeddings=[[0.5] * made])
    refuse_unshortened(asked_for(Job(input="a", dimensions=asked)), answer)


def test_an_ollama_that_passes_over_the_dimensions_is_told() -> None:
    request = asked_for(Job(input="a", dimensions=256))
    with pytest.raises(JobError, match="which have 1,024 numbers, to 256: leave dimensions out") as caught:
        refuse_unshortened(request, Answer(1, 0, None, None, embeddings=[[0.5] * 1024]))
    assert caught.value.code is ErrorCode.UNSUPPORTED
