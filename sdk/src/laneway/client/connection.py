"""From one URL to everything a client needs to reach a pool."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from laneway.errors import PoolUnavailable
from laneway.schema.job.keys import Place
from laneway.schema.shared.base import Frozen, shown
from laneway.schema.shared.names import DEFAULT_STATE

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTION_FILE = "connection.json"
BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")  # S3's oldest buckets too, as boto3 takes them
POOL_VARIABLE = "LANEWAY_POOL"
LOOPBACK = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?/?", re.IGNORECASE)
"""What `laneway up` writes. Whatever else may be read in two ways: of `http://a\\@127.0.0.1` urllib takes 127.0.0.1 for
the host, and urllib3, which connects, `a`."""


class Connection(Frozen):
    """Where a pool is. `laneway up` writes this document into its state folder while it runs."""

    place: Place
    """Where `pool.json` lies."""
    endpoint: str | None = None
    """The endpoint of an AWS emulator."""
    region: str | None = None
    """The region; AWS's own settings where absent."""
    access_key_id: str | None = None
    """Credentials of an emulator; AWS's own chain where absent."""
    secret_access_key: str | None = None
    """As above."""

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`."""
        return f"s3://{self.place.bucket}/{self.place.prefix}".rstrip("/")


def connect(url: str | None, environment: Mapping[str, str]) -> Connection:
    """The connection for `s3://bucket/prefix` or for the state folder of a running `laneway up`.

    Without a URL: `$LANEWAY_POOL`, else the folder `.laneway`. Raises `PoolUnavailable`, which says what to do.
    """
    url = url or environment.get(POOL_VARIABLE) or None  # a variable that is there and empty names nothing
    if url is None:
        found = _of_folder(Path(DEFAULT_STATE), "name a pool with s3://bucket/prefix or $LANEWAY_POOL")
        return _refuse_what_nobody_named(found)
    if not url.startswith("s3://"):
        return _of_folder(Path(url), "a pool is s3://bucket/prefix, or the state folder of `laneway up`")
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not bucket:
        raise PoolUnavailable(f"{url} names no bucket; a pool is s3://bucket/prefix")
    if not BUCKET.fullmatch(bucket):
        raise PoolUnavailable(
            f"{shown(bucket)!r} is no bucket's name; a pool is s3://bucket/prefix, where the bucket may be an access "
            "point's alias, which ends with -s3alias, but no ARN"
        )
    prefix = prefix.rstrip("/")
    return Connection(place=Place(bucket=bucket, prefix=f"{prefix}/" if prefix else ""))


def _of_folder(folder: Path, hint: str) -> Connection:
    path = folder / CONNECTION_FILE
    try:
        found = Connection.model_validate_json(path.read_bytes())
    except OSError:
        raise PoolUnavailable(f"no pool is running in {folder}: {hint}, or start one: laneway up pool.yaml") from None
    except ValidationError:
        raise PoolUnavailable(f"{path} is not readable by this version; start `laneway up` again") from None
    if found.endpoint is not None and not (found.access_key_id and found.secret_access_key):
        raise PoolUnavailable(
            f"{path} names an endpoint without credentials, and yours are not sent there: start `laneway up` again, "
            "or remove the file if it came with somebody else's folder"
        )
    return found


def _refuse_what_nobody_named(found: Connection) -> Connection:
    """A folder that is only there, in a checked-out repository perhaps, sends prompts to no other machine."""
    if found.endpoint is not None and LOOPBACK.fullmatch(found.endpoint):
        return found
    where = f"a pool on AWS, {found.url}," if found.endpoint is None else f"a pool behind {found.endpoint},"
    raise PoolUnavailable(
        f"{DEFAULT_STATE} is {where} which is not this machine: if you mean it, name the folder, by export "
        f"{POOL_VARIABLE}={DEFAULT_STATE} for example"
    )
