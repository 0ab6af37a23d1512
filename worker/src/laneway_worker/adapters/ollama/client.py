"""Ollama over HTTP: https://github.com/ollama/ollama/blob/main/docs/api.md. Works with 0.11 and with 0.30 and later."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import ServedModel
from laneway.schema.shared.names import tagged
from laneway_worker.adapters.ollama.connection import Connection, Dropped
from laneway_worker.adapters.ollama.embeddings import answered, dimensions, refuse_too_many, refuse_unshortened
from laneway_worker.adapters.ollama.facts import facts_of
from laneway_worker.adapters.ollama.models import missing_from, other_digest
from laneway_worker.adapters.ollama.pull import pull
from laneway_worker.adapters.ollama.refusals import (
    refuse_chat_that_may_be_cut,
    refuse_cut_prompt,
    refuse_to_write,
    refuse_unheard_tools,
    refuse_unseen_images,
    too_long,
)
from laneway_worker.adapters.ollama.slots import at_once
from laneway_worker.adapters.ollama.stream import Collected, LineTooLong, error_of, json_object, lines
from laneway_worker.errors import (
    EngineBroken,
    EngineCrashed,
    EngineFailed,
    Interrupted,
    JobError,
    ModelUnusable,
    Unavailable,
)
from laneway_worker.ports.replies import NO_CHANNEL
from laneway_worker.ports.runtime import silent
from laneway_worker.request.request import KEEP_FOREVER, question

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from laneway.schema.pool.documents.lane_config import LaneModel
    from laneway.schema.pool.documents.model_facts import ModelFacts
    from laneway_worker.live import Live
    from laneway_worker.ports.clock import Clock
    from laneway_worker.ports.replies import Channel
    from laneway_worker.ports.runtime import Answer
    from laneway_worker.ports.stop import Stop
    from laneway_worker.request.request import Request

CONNECT_SECONDS = 3.0
ASK_SECONDS = 10.0
LOAD_SECONDS = 600.0  # a large model from a cold disk
TRUNCATE_REFUSED_FROM = (0, 24)  # older versions ignore `truncate: false` and cut the prompt
SLOT_TOKENS = 8  # of each of the requests that are sent together to see which of them wait
SLOT_TRIES = 2  # something else may be on the engine or on the machine
WORKS_APART_FROM = (0, 30)
"""From here on llama-server does what may take for ever, and Ollama lets go of its part at once: a request that stays
open is one that its scheduler forgot, as it does where a client leaves while a model is loaded. It costs nothing.
"""


class Ollama:
    """The lane's Ollama."""

    def __init__(self, url: str, model: LaneModel, live: Live, clock: Clock, volume: str | None = None) -> None:
        """`volume` holds the models, where they are not pulled. Connections are not kept: one that belongs to a single
        call can be cut from another thread.
        """
        self._model = model
        self._live = live
        self._clock = clock
        self._volume = volume
        self._url = url
        self._cuts_prompts = self._works_itself = True
        self._capabilities: list[str] = []
        self._only_embeds = False
        self._dropped = Dropped(clock)
        self._dimensions: int | None = None
        self._facts: ModelFacts | None = None
        self._http = httpx.Client(
            base_url=url,
            trust_env=False,  # a proxy from the environment has no place between a worker and its sidecar
            timeout=httpx.Timeout(ASK_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    def prepare(self, tell: Callable[[str], None] = silent) -> ServedModel:
        """See that the model is there, is the pinned one, and is loaded; a model that is not there is pulled, but for
        one that a volume should hold.
        """
        try:
            served = self._served(tell)
            self._load()
        except (JobError, EngineCrashed, EngineFailed) as error:  # no job is to blame for what was asked here
            advice = "see whether the machine has the memory that the model needs, and Ollama's own log"
            words = error.blame if isinstance(error, EngineFailed) else error
            raise ModelUnusable(f"Ollama can't serve {self._model.name}: {words}", advice) from error
        return served

    def _served(self, tell: Callable[[str], None]) -> ServedModel:
        version = str(self._ask("GET", "/api/version").get("version", ""))
        self._cuts_prompts = _numbers(version) < TRUNCATE_REFUSED_FROM
        self._works_itself = _numbers(version) < WORKS_APART_FROM
        name = tagged(self._model.name)
        there = self._listed()
        listed = there.get(name) or self._fetched(name, there, tell)
        digest = f"sha256:{str(listed['digest']).removeprefix('sha256:')}"
        if self._model.digest not in (None, digest):
            raise other_digest(name, str(self._model.digest), digest, self._volume)
        shown = self._ask("POST", "/api/show", {"model": name})
        self._capabilities = shown.get("capabilities") or []
        self._dimensions = self._dimensions or dimensions(shown)
        self._facts = facts_of(self._model, version, listed, shown)
        return ServedModel(name=self._model.name, digest=digest)

    def _listed(self) -> dict[str, dict[str, Any]]:
        """What Ollama tells of each model that it has, by name."""
        models = self._ask("GET", "/api/tags").get("models") or []
        return {str(each.get("name")): each for each in models}

    def _fetched(self, name: str, there: Collection[str], tell: Callable[[str], None]) -> dict[str, Any]:
        if self._volume is not None:
            raise missing_from(self._volume, name, there)
        pull(self._http, name, self._clock, tell)
        listed = self._listed().get(name)
        if listed is None:
            raise ModelUnusable(f"Ollama pulled {name} and lists it by another name; name it as `ollama list` does")
        tell(f"loading {name}")
        return listed

    def _load(self) -> None:
        body = {
            "model": self._model.name,
            "keep_alive": KEEP_FOREVER,
            "options": {"num_ctx": self._model.context_length},
            "shift": False,  # as jobs have it: from 0.30 on, a model is loaded anew for the other one
        }
        try:
            self._ask("POST", "/api/generate", body)
        except JobError:
            self._ask("POST", "/api/embed", body | {"input": ""})
            self._only_embeds = True
        else:
            self._only_embeds = False

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        seconds = LOAD_SECONDS if body else ASK_SECONDS
        try:
            answer = self._http.request(
                method,
                path,
                json=body and {**body, "stream": False},
                timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
            )
        except httpx.HTTPError as error:
            raise Unavailable(f"no answer from Ollama at {self._url}: {type(error).__name__}") from error
        if answer.is_error:
            raise error_of(answer.status_code, answer.text)
        return json_object(answer.text)

    def generate(self, request: Request, stop: Stop, channel: Channel = NO_CHANNEL) -> Answer:
        """Stream an answer; a stream without its final record is never one."""
        if self._only_embeds:
            refuse_to_write(request, self._model.name)
        refuse_unseen_images(request, self._model.name, self._capabilities)
        if self._cuts_prompts:
            refuse_chat_that_may_be_cut(request, self._model.context_length)
        refuse_too_many(request, self._dimensions)
        answer = self._collected(request, stop, channel)
        refuse_unshortened(request, answer)
        if "dimensions" not in request.body:
            self._dimensions = answered(answer) or self._dimensions
        if self._cuts_prompts:
            refuse_cut_prompt(request, answer, self._model.context_length)
        refuse_unheard_tools(request, answer, self._model.name)
        return answer

    def prove(self, stop: Stop) -> None:
        """Answer a question of two tokens, in the time that a job may be silent."""
        asked = self._question(only_embeds=self._only_embeds)
        try:
            self._collected(asked, stop)
        except EngineFailed as error:
            raise self._broken(error.name) from error
        except EngineCrashed as error:
            raise self._broken(str(error)) from error
        except JobError as error:
            raise self._broken(error.code.value) from error

    def serves(self, wanted: int) -> int:
        """Ask for a few tokens so many times at once, and see who waits; raises `Unavailable`."""
        if wanted == 1 or self._only_embeds:
            return 1
        found = 0
        for _ in range(SLOT_TRIES):
            try:
                found = max(found, at_once(self._together(wanted)) or wanted)
            except JobError:  # whatever it is, jobs will meet it, too
                return wanted
            if found == wanted:
                break
        return found

    def _together(self, number: int) -> list[dict[str, Any]]:
        asked = self._question(only_embeds=False)
        body = asked.body | {"options": asked.body["options"] | {"num_predict": SLOT_TOKENS}}
        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(lambda _: self._ask("POST", asked.path, body), range(number)))

    def _broken(self, name: str) -> EngineBroken:
        words = f"Ollama has {self._model.name} loaded and can't answer a question of two tokens: {name}"
        return EngineBroken(words, "look at the accelerator, and at the log of Ollama")

    def facts(self) -> ModelFacts | None:
        """By the model's entry in `/api/tags`, and by `/api/show`."""
        return self._facts

    def lingers(self) -> float:
        """Seconds since Ollama was told to drop the oldest of the requests that it still works on."""
        return self._dropped.seconds() if self._works_itself else 0.0

    def _question(self, *, only_embeds: bool) -> Request:
        return question(self._model, self._live.now.limits, only_embeds=only_embeds)

    def _collected(self, request: Request, stop: Stop, channel: Channel = NO_CHANNEL) -> Answer:
        collected = Collected(request.path, self._clock)
        with self._call(request, stop) as response:
            if response.is_error:
                raise error_of(response.status_code, response.read().decode(errors="replace"))
            try:
                for line in lines(response.iter_bytes()):
                    collected.add(json_object(line))
                    if line and not collected.is_whole:
                        channel.record(line)
            except LineTooLong:
                raise too_long(request) from None
        return collected.answer()

    @contextmanager
    def _call(self, request: Request, stop: Stop) -> Iterator[httpx.Response]:
        """One call whose connection `stop` cuts."""
        if stop.reason is not None:
            raise Interrupted
        connection, whole, gap = Connection(self._clock), False, request.most_silent_seconds
        stop.aborting(connection.cut)
        try:
            with self._http.stream(
                "POST",
                request.path,
                json=request.body,
                timeout=httpx.Timeout(gap, connect=CONNECT_SECONDS),
                extensions={"trace": connection.trace},
            ) as response:
                yield response
            whole = stop.reason is None
        except httpx.ReadTimeout as error:
            words = f"no token for {gap} s"
            raise self._stopped(stop) or EngineFailed(JobError(ErrorCode.STALLED, words), words) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._stopped(stop) or Unavailable(f"can't connect to Ollama at {self._url}") from error
        except httpx.HTTPError as error:
            raise self._stopped(stop) or EngineCrashed("Ollama cut the connection") from error
        finally:
            stop.aborting(None)
            self._dropped.end(connection, whole=whole)
        if stop.reason is not None:
            raise Interrupted

    @staticmethod
    def _stopped(stop: Stop) -> Interrupted | None:
        return Interrupted() if stop.reason is not None else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
