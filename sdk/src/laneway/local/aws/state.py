"""Keeps what embedded AWS holds: S3 objects as files, SQS messages as JSON. Reads and fills moto's own models."""

from __future__ import annotations

import base64
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from moto.s3.models import s3_backends
from moto.sqs.models import Message, sqs_backends

from laneway.schema.pool.arns import partition_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

ACCOUNT = "123456789012"  # moto's default account
OLDEST = "us-east-1"  # of buckets in a folder that doesn't say


class EmbeddedState:
    """One folder: `s3/<bucket>/<key>`, `objects.json` with the objects' metadata, `buckets.json` with their buckets'
    regions, `queues.json` with the messages.
    """

    def __init__(self, folder: Path) -> None:
        """The folder exists."""
        self._objects = folder / "s3"
        self._index = folder / "objects.json"
        self._regions = folder / "buckets.json"
        self._queues = folder / "queues.json"
        self._written: dict[tuple[str, str], str] = {}
        self._messages = ""

    def restore(self) -> None:
        """Fill the empty models of a new process."""
        queues_of, regions = _load(self._queues), _load(self._regions)
        unsaid = next(iter(queues_of)) if len(queues_of) == 1 else OLDEST
        for bucket, objects in _load(self._index).items():
            region = regions.get(bucket, unsaid)
            backend = s3_backends[ACCOUNT][partition_of(region)]
            backend.create_bucket(bucket, region)
            for key, metadata in objects.items():
                path = self._path(bucket, key)
                if path.is_file():
                    stored = backend.put_object(bucket, key, path.read_bytes())
                    stored.set_metadata(metadata)
                    self._written[bucket, key] = stored.etag
        for region, queues in queues_of.items():
            _restore_queues(sqs_backends[ACCOUNT][region], queues)

    def save(self) -> None:
        """Write what has changed. What can't be written now is tried again with the next call: serving goes on."""
        try:
            self._save_objects()
            self._save_messages()
        except (OSError, RuntimeError) as error:  # a full disk; a model that changed while it was read
            log.warning("not saved: %s", error)

    def _save_messages(self) -> None:
        queues = {
            region: {name: _kept(queue) for name, queue in list(backend.queues.items())}
            for region, backend in list(sqs_backends[ACCOUNT].items())
            if backend.queues
        }
        text = json.dumps(queues, default=_to_json)
        if text != self._messages:
            _replace(self._queues, text.encode())
            self._messages = text

    def _save_objects(self) -> None:
        index: dict[str, dict[str, Any]] = {}
        regions: dict[str, str] = {}
        there: dict[tuple[str, str], str] = {}
        for name, bucket in _buckets():
            regions[name] = bucket.region_name
            index[name] = {}
            for key, stored in list(bucket.keys.items()):
                with suppress(ValueError):  # its buffer is closed: it was deleted or replaced since it was listed
                    if self._save_object(name, key, stored):
                        there[name, key] = stored.etag
                        index[name][key] = dict(stored.metadata)
        for gone in self._written.keys() - there.keys():
            self._path(*gone).unlink(missing_ok=True)
        if there != self._written or not self._index.exists():
            _replace(self._regions, json.dumps(regions).encode())
            _replace(self._index, json.dumps(index).encode())
        self._written = there

    def _save_object(self, bucket: str, key: str, stored: Any) -> bool:
        if self._written.get((bucket, key)) == stored.etag:
            return True
        path = self._path(bucket, key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, stored.value)
        except OSError as error:  # a full disk, a name that is too long, a key that is a folder of others
            log.warning("object not saved: %s", error.strerror)
            return False
        return True

    def _path(self, bucket: str, key: str) -> Path:
        """A readable path that can't leave the folder: whatever is special in a segment is quoted."""
        segments = [quote(segment, safe="") for segment in (bucket, *key.split("/"))]
        safe = [segment.replace(".", "%2E") if set(segment) <= {"."} else segment for segment in segments]
        return self._objects.joinpath(*(segment or "%" for segment in safe))


def _buckets() -> Iterator[tuple[str, Any]]:
    """Every bucket with its name; regions of a part of AWS of their own have a model of their own."""
    for backend in list(s3_backends[ACCOUNT].values()):
        yield from list(backend.buckets.items())


def _kept(queue: Any) -> dict[str, Any]:
    attributes = {
        "MessageRetentionPeriod": queue.message_retention_period,
        "VisibilityTimeout": queue.visibility_timeout,
        "RedrivePolicy": queue.redrive_policy and json.dumps(queue.redrive_policy),
    }
    return {
        "attributes": {name: value for name, value in attributes.items() if value},
        "tags": dict(queue.tags),
        "messages": [dict(vars(each)) for each in list(queue._messages)],  # noqa: SLF001 - moto has no way to look at them all
    }


def _restore_queues(backend: Any, queues: dict[str, Any]) -> None:
    for name, kept in queues.items():  # all of them first: a redrive policy names another queue
        backend.create_queue(name, kept.get("tags", {}))
    for name, kept in queues.items():
        backend.set_queue_attributes(name, kept["attributes"])
        for fields in kept["messages"]:
            backend.queues[name]._messages.append(_message(fields))  # noqa: SLF001 - as above


def _message(fields: dict[str, Any]) -> Message:
    message = Message(fields["id"], fields["body"], fields["system_attributes"])
    vars(message).update(fields)
    return message


def _load(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(), object_hook=_from_json))
    except FileNotFoundError:
        return {}


def _replace(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name[:200]}.new")
    draft.write_bytes(data)
    draft.replace(path)


def _to_json(value: Any) -> dict[str, str]:
    if not isinstance(value, bytes):
        raise TypeError(f"can't keep a {type(value).__name__}")
    return {"base64": base64.b64encode(value).decode()}


def _from_json(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value
