"""What gateways say of themselves in the pool's bucket, kept for as long as it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from laneway.schema.job.reply import GatewayDocument
from laneway_worker.adapters.replies.believed import Believed, NotBelieved, believed
from laneway_worker.errors import TooLargeError, Unavailable

if TYPE_CHECKING:
    from laneway.schema.job.keys import Place
    from laneway_worker.ports.clock import Clock
    from laneway_worker.ports.objects import ObjectStore

MOST_BYTES = 64 * 1024  # of a registration: most of it is the certificate
MOST_KEPT = 256  # gateways, and ids of none
ASK_AGAIN_SECONDS = 60.0  # whoever may send can name any id: each costs one GET a minute and no more


class Registrations:
    """Finds gateways. Instances may be used by several threads."""

    def __init__(self, store: ObjectStore, place: Place, clock: Clock, *, local: bool) -> None:
        """`local`: gateways may be on this machine."""
        self._store = store
        self._place = place
        self._clock = clock
        self._local = local
        self._changed = clock.condition()
        self._known: dict[str, tuple[float, Believed | NotBelieved]] = {}
        self._asking: set[str] = set()

    def find(self, gateway: str) -> Believed:
        """A gateway by its id, whose pattern is checked; may wait for S3. Raises `NotBelieved`."""
        with self._changed:
            self._changed.wait_for(lambda: gateway not in self._asking)
            found = self._kept(gateway)
            if found is None:
                self._asking.add(gateway)
        if found is None:
            found = self._asked(gateway)
        if isinstance(found, NotBelieved):
            raise NotBelieved(str(found))
        return found

    def _kept(self, gateway: str) -> Believed | NotBelieved | None:
        at, found = self._known.get(gateway, (0.0, None))
        if isinstance(found, Believed):
            return found if self._clock.now() < found.until else None
        return found if self._clock.monotonic() < at + ASK_AGAIN_SECONDS else None

    def _asked(self, gateway: str) -> Believed | NotBelieved:
        found: Believed | NotBelieved = NotBelieved("its registration can't be read")
        try:
            found = self._read(gateway)
        except NotBelieved as error:
            found = error
        finally:
            with self._changed:
                self._keep(gateway, found)
                self._asking.discard(gateway)
                self._changed.notify_all()
        return found

    def _read(self, gateway: str) -> Believed:
        try:
            stored = self._store.get(self._place.bucket, self._place.gateway(gateway), MOST_BYTES)
            if stored is None:
                raise NotBelieved("it has no registration")
            document = GatewayDocument.model_validate_json(stored.body)
        except (Unavailable, TooLargeError, ValidationError) as error:
            raise NotBelieved(f"its registration can't be read: {type(error).__name__}") from None
        return believed(document, gateway, self._clock.now(), local=self._local)

    def _keep(self, gateway: str, found: Believed | NotBelieved) -> None:
        """The one that was asked for first goes, where there are too many."""
        self._known.pop(gateway, None)
        while len(self._known) >= MOST_KEPT:
            del self._known[next(iter(self._known))]
        self._known[gateway] = (self._clock.monotonic(), found)
