"""The keys file: who may ask a gateway, and for what. People write it; `laneway keys new` prints its entries."""

from __future__ import annotations

import hashlib
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from laneway.schema.shared.base import Alias, KubernetesModel, Pattern, PlainLabels, twice
from laneway.schema.shared.problems import problems
from laneway.schema.shared.strict_json import NotStrictJSON, read_strictly, without_mark

KEY_PREFIX = "lw-"
KEY_BYTES = 32  # random: 256 bits, 43 characters of URL-safe base64
MAX_KEYS = 1000
MAX_KEYS_FILE_BYTES = 1024 * 1024  # a Secret of Kubernetes holds no more
DEFAULT_MOST_HELD = 100
HASH_WORDS = (
    "should be the SHA-256 of the key, 64 digits, each 0-9 or a-f, as `laneway keys new` prints it, and never the key"
)

KeyHash = Annotated[str, Pattern(r"^[0-9a-f]{64}$", HASH_WORDS, max_length=64)]


JobsInFlight = Annotated[int, Field(ge=1, le=10_000)]
TokensPerDay = Annotated[int, Field(ge=1, le=1_000_000_000_000)]
GPUSecondsPerDay = Annotated[int, Field(ge=1, le=1_000_000_000)]


class KeysFileError(ValueError):
    """What is wrong with a keys file, by its places; never a key."""


class Quota(KubernetesModel):
    """What a tenant may use, of all gateways of the pool together. A day is one of UTC."""

    jobs_in_flight: JobsInFlight | None = None
    """How many of its jobs may be without a result, in a queue or at a worker."""
    tokens_per_day: TokensPerDay | None = None
    """How many tokens its jobs may read and write, as their results tell it: those of jobs without an answer do not."""
    gpu_seconds_per_day: GPUSecondsPerDay | None = None
    """How many seconds of accelerators its jobs may have, as `cost.gpu_seconds` of their results tells it; of a job
    without an answer, how many its last attempt ran.
    """

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.jobs_in_flight is None and self.tokens_per_day is None and self.gpu_seconds_per_day is None:
            raise ValueError("should have jobsInFlight, tokensPerDay or gpuSecondsPerDay; without a bound leave it out")
        return self


class GatewayKey(KubernetesModel):
    """A key of a gateway, and whom it belongs to."""

    name: Alias
    """The tenant: whose the jobs are, their message group in the queue, and what the gateway's log calls it."""
    sha256: KeyHash
    """The SHA-256 of the key in hex. The key itself stands nowhere."""
    lanes: Annotated[tuple[Alias, ...], Field(max_length=16)] = ()
    """The lanes that it may use, the preferred one first; none means all of the pool's."""
    labels: PlainLabels = {}
    """What stands on each of its jobs and results."""
    max_held: Annotated[int, Field(ge=1, le=10_000)] = DEFAULT_MOST_HELD
    """How many of its requests one gateway holds at once."""
    drops_tools: bool = False
    """Whether tools that a model can't use are left out, where they are refused otherwise."""

    quota: Quota | None = None
    """What it may use; without it nothing bounds that but the pool's size. All keys of a name share it."""

    @model_validator(mode="after")
    def _each_lane_once(self) -> Self:
        if name := twice(self.lanes):
            raise ValueError(f"lanes names {name} twice; leave one out")
        return self

    @property
    def whose(self) -> dict[str, object]:
        """All but the hash."""
        return self.model_dump(exclude={"sha256"})


class KeysFile(KubernetesModel):
    """The keys of a pool's gateways. A name may stand there twice while its key is replaced by another."""

    keys: Annotated[tuple[GatewayKey, ...], Field(max_length=MAX_KEYS)]
    """None lets nobody in."""

    @model_validator(mode="after")
    def _are_distinct(self) -> Self:
        named: dict[str, GatewayKey] = {}
        for each in self.keys:
            if named.setdefault(each.name, each).whose != each.whose:
                raise ValueError(f"the entries of {each.name} differ in more than sha256: a name is one tenant")
        hashes = [each.sha256 for each in self.keys]
        if found := twice(hashes):
            names = ", ".join(dict.fromkeys(each.name for each in self.keys if each.sha256 == found))
            raise ValueError(f"one key stands twice ({names}): give each entry a key of its own")
        return self


def read_keys(data: bytes) -> KeysFile:
    """The keys of a file; raises `KeysFileError`."""
    if len(data) > MAX_KEYS_FILE_BYTES:
        raise KeysFileError(f"has more than {MAX_KEYS_FILE_BYTES:,} bytes; leave out what is no key")
    try:
        return KeysFile.model_validate_json(_checked(data))
    except NotStrictJSON as error:
        raise KeysFileError(str(error)) from None
    except ValidationError as error:
        raise KeysFileError(problems(error, KeysFile)) from None


def _checked(data: bytes) -> bytes:
    """The same text, without the mark that editors on Windows begin files with."""
    read_strictly(data)
    return without_mark(data)


def hash_of(key: str) -> str:
    """What stands in the file for a key. `surrogatepass`: whatever text a client sends has a hash."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
