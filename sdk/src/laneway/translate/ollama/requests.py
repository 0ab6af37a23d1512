"""Ollama's requests, made into jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway.schema.job.codes import ErrorCode
from laneway.translate.given import header_names, object_of
from laneway.translate.offers import offer_for
from laneway.translate.ollama.fields import ABOUT, CHAT, EMBED, GENERATE, OPTIONS, inside, known
from laneway.translate.refused import Refused
from laneway.translate.translated import Translated, Wanted, job_of, most_tokens, seed_of

if TYPE_CHECKING:
    from laneway.translate.offers import Offer, Offers


@dataclass(frozen=True)
class Load:
    """A request that asks for nothing but the model: answered at once, as lanes load and unload their own."""

    model: str
    """As the request names it."""
    reason: str
    """`load`, or `unload` where it asks for that."""
    stream: bool


def chat(body: object, offers: Offers) -> Translated | Load:
    """Of `POST /api/chat`. Raises `Refused`."""
    return _read(body, offers, "messages", CHAT)


def generate(body: object, offers: Offers) -> Translated | Load:
    """Of `POST /api/generate`. Raises `Refused`."""
    return _read(body, offers, "prompt", GENERATE)


def embed(body: object, offers: Offers) -> Translated | Load:
    """Of `POST /api/embed`. Raises `Refused`."""
    return _read(body, offers, "input", EMBED, streams=False)


def embeddings(body: object, offers: Offers) -> Translated | Load:
    """Of `POST /api/embeddings`, which embed has taken the place of. Raises `Refused`."""
    given = dict(object_of(body))
    given["input"] = given.pop("prompt", None)
    return _read(given, offers, "input", EMBED, streams=False)


def model_of(body: object) -> str:
    """The model that a request names, by the name of today or of before. Raises `Refused`."""
    given = object_of(body)
    found = given.get("model") or given.get("name")
    if not isinstance(found, str):
        raise Refused(ErrorCode.INVALID_JOB, "model: should be the name of a model, as /api/tags lists them", "model")
    return found


def _read(
    body: object, offers: Offers, asked: str, fields: frozenset[str], *, streams: bool = True
) -> Translated | Load:
    given = {name: each for name, each in object_of(body).items() if each is not None}
    model = model_of(given)
    offer = offer_for(model, offers)
    stream = _stream(given) if streams else False
    if not given.get(asked) and given.get(asked, "") in ("", []):
        return Load(model, "unload" if _unloads(given.get("keep_alive")) else "load", stream)
    ignored = [name for name in given if name not in fields | ABOUT]
    job = {name: _field(name, each, offer, ignored) for name, each in given.items() if name in fields}
    return Translated(offer.lane.name, model, job_of(job, offer, model), Wanted(stream=stream), header_names(ignored))


def _stream(given: dict[str, Any]) -> bool:
    stream = given.get("stream", True)
    if not isinstance(stream, bool):
        raise Refused(ErrorCode.INVALID_JOB, "stream: should be true or false", "stream")
    return stream


def _unloads(keep_alive: object) -> bool:
    """Ollama takes a number of seconds, or a duration as Go writes it."""
    return keep_alive in (0, "0", "0s", "0m", "0h") and keep_alive is not False


def _field(name: str, value: Any, offer: Offer, ignored: list[str]) -> Any:
    if name == "options" and isinstance(value, dict):
        return _options(value, offer, ignored)
    kind = inside(name)
    return known(value, kind, name, ignored) if kind else value


def _options(given: dict[str, Any], offer: Offer, ignored: list[str]) -> dict[str, Any]:
    """Those that shape an answer. What loads a model is the lane's."""
    found = {name: each for name, each in given.items() if each is not None}
    _check_context(found.get("num_ctx"), offer)
    ignored += [f"options.{name}" for name in found if name not in OPTIONS]
    kept = {name: each for name, each in found.items() if name in OPTIONS}
    if "seed" in kept:
        kept["seed"] = seed_of(kept["seed"])
    if "num_predict" in kept:
        kept["num_predict"] = most_tokens(kept["num_predict"], offer)
        if _without_end(kept["num_predict"]):
            del kept["num_predict"]
    return kept


def _check_context(wanted: object, offer: Offer) -> None:
    most = offer.lane.model.context_length
    if isinstance(wanted, int | float) and wanted > most:
        words = f"options.num_ctx: this lane has a context of {most}: leave it out, or ask for no more"
        raise Refused(ErrorCode.INVALID_JOB, words, "options.num_ctx")


def _without_end(wanted: object) -> bool:
    """Ollama's -1 and -2: as many as there is room for."""
    return isinstance(wanted, int | float) and not isinstance(wanted, bool) and wanted < 0
