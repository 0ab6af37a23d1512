"""The keys of a file, read anew while the gateway runs. It implements `laneway_gateway.ports.keys.Keys`."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from laneway.schema.pool.documents.keys_file import MAX_KEYS_FILE_BYTES, KeysFile, KeysFileError, read_keys
from laneway_gateway.keys.ring import Ring

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from laneway.schema.pool.documents.keys_file import Quota
    from laneway_gateway.desk import Tenant
    from laneway_gateway.ports.clock import Clock

LOOK_SECONDS = 1.0
REMEDY = "write the entries that `laneway keys new NAME` prints into it"
log = logging.getLogger(__name__)


class FileKeys:
    """What the file said when it was last readable. `begin` comes first; `run` has to run beside the doors."""

    needed = True

    def __init__(self, path: Path, clock: Clock) -> None:
        """`path` may lead through the links of a Secret's volume, which the kubelet turns round."""
        self._path = path
        self._clock = clock
        self._ring = Ring(KeysFile(keys=()))
        self._seen: bytes | None = None
        self._trouble = ""

    @property
    def broken(self) -> bool:
        """Whether the file can't be used as it is: what was read before counts."""
        return bool(self._trouble)

    @property
    def quotas(self) -> Mapping[str, Quota]:
        """Of those that have one."""
        return self._ring.quotas

    def find(self, key: str) -> Tenant | None:
        """Whose key it is."""
        return self._ring.find(key)

    def begin(self) -> None:
        """Read it for the first time; raises `KeysFileError`, which says what to do."""
        try:
            self._seen = self._read()
            self._ring = Ring(read_keys(self._seen))
        except FileNotFoundError:
            raise KeysFileError(f"there is no keys file {self._path}: {REMEDY}") from None
        except OSError as error:
            raise KeysFileError(f"the keys file {self._path} can't be read: {error.strerror}") from None
        except KeysFileError as error:
            raise KeysFileError(f"the keys file {self._path}: {error}") from None

    async def run(self) -> None:
        """Look each second, until cancelled."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Read it anew. By its content: two edits within a tick of the file system's clock have one time of change."""
        try:
            data = await asyncio.to_thread(self._read)  # a volume of a network may let it wait
            if data != self._seen:
                self._take(data)
        except OSError as error:
            self._seen = None
            self._tell(f"can't be read: {error.strerror}")

    def _take(self, data: bytes) -> None:
        self._seen = data
        try:
            self._ring = Ring(read_keys(data))
        except KeysFileError as error:
            self._tell(str(error))
            return
        self._trouble = ""
        log.info("keys read anew", extra={"fields": {"keys": len(self._ring)}})

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            fields = {"file": str(self._path), "trouble": trouble}
            log.warning("the keys file can't be used; the keys of before count", extra={"fields": fields})
        self._trouble = trouble

    def _read(self) -> bytes:
        """One byte more than is taken tells that there is more."""
        with self._path.open("rb") as file:
            return file.read(MAX_KEYS_FILE_BYTES + 1)
