"""The results in S3."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from laneway.schema.job.result import Result
from laneway_table.adapters.aws import FETCHERS
from laneway_table.errors import ResultsUnavailable
from laneway_table.ports.results import Fetched, Listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_s3 import S3Client

    from laneway.schema.job.keys import Place

ENDING = ".json"
GONE = frozenset({"NoSuchKey", "404"})


class S3Results:
    """Of one pool."""

    def __init__(self, client: S3Client, place: Place) -> None:
        """Nothing is asked yet."""
        self._client = client
        self._place = place
        self._folder = place.result("").removesuffix(ENDING)

    def pages(self, after: str | None) -> Iterator[Sequence[Listed]]:
        """A thousand each."""
        begin = {} if after is None else {"StartAfter": self._place.result(after)}
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._place.bucket,
            Prefix=self._folder,
            **begin,  # type: ignore[arg-type] # as it is named
        )
        with _in_words():
            for page in pages:
                found = [
                    Listed(each["Key"][len(self._folder) : -len(ENDING)], each["ETag"], each["LastModified"])
                    for each in page.get("Contents", ())
                    if each["Key"].endswith(ENDING) and "/" not in each["Key"][len(self._folder) :]
                ]
                if found:
                    yield found

    def fetch(self, ids: Sequence[str]) -> Sequence[Fetched]:
        """In a few threads."""
        with _in_words(), ThreadPoolExecutor(FETCHERS) as threads:
            return list(threads.map(self._get, ids))

    def _get(self, job_id: str) -> Fetched:
        try:
            answer = self._client.get_object(Bucket=self._place.bucket, Key=self._place.result(job_id))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in GONE:
                return Fetched(job_id, None, None)
            raise
        try:
            found = Result.model_validate_json(answer["Body"].read())
        except ValidationError:
            return Fetched(job_id, answer["ETag"], None)
        vectors: dict[str, None] = {"embeddings": None}  # no row holds them, and they are most of a large result
        return Fetched(job_id, answer["ETag"], found.model_copy(update=vectors) if found.id == job_id else None)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise ResultsUnavailable(f"S3 answers {error.response.get('Error', {}).get('Code', 'an error')}") from error
    except BotoCoreError as error:
        raise ResultsUnavailable(f"S3 can't be reached: {type(error).__name__}") from error
