"""OpenAI's and Ollama's own clients and httpx, as an application has them, and one call of each kind."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import httpx
import httpx2
import ollama
import openai
from pydantic import BaseModel

from support import canary
from support.chaos.asking.asks import Door, Leaves
from support.chaos.asking.ends import JOB_ID, End
from support.chaos.engine import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from support.chaos.asking.asks import Ask
    from support.chaos.asking.ends import Heard

HEADER = "x-laneway-job-id"
SECONDS = 120.0
POLL_SECONDS = 1.0
POLLS = 120

TOLD = (openai.APIStatusError, ollama.ResponseError, httpx.HTTPStatusError)
BROKEN = (openai.APIConnectionError, httpx.TransportError, httpx2.TransportError, ConnectionError)


class Left(Exception):
    """The client has hung up."""


class Clients:
    """Those of one key. Used by many threads at once."""

    def __init__(self, url: str, key: str) -> None:
        """The clients retry as they do by default."""
        bearer = {"Authorization": f"Bearer {key}"}
        self.openai = openai.OpenAI(base_url=f"{url}/v1", api_key=key)
        self.http = httpx.Client(base_url=url, headers=bearer, timeout=SECONDS, trust_env=False)
        self._heard = threading.local()
        hooks = {"request": [self._say], "response": [self._note]}
        self.ollama = ollama.Client(url, headers=bearer, event_hooks=hooks, trust_env=False)

    def close(self) -> None:
        """Give every connection back."""
        self.openai.close()
        self.http.close()
        self.ollama.close()  # type: ignore[no-untyped-call] # because Ollama gives it no type

    def call(self, ask: Ask, heard: Heard) -> None:
        """One call, from its beginning to its end."""
        self._heard.ask, self._heard.heard = ask, heard
        try:
            DOORS[ask.door](self, ask, heard)
        except Left:
            heard.end = End.LEFT
        except BROKEN as error:
            _failed(heard, End.BROKEN, error)
        except TOLD as error:
            response = getattr(error, "response", None)
            heard.job_id = heard.job_id or (None if response is None else response.headers.get(HEADER))
            _failed(heard, End.TOLD, error)
        except openai.APIError as error:  # in a stream
            _failed(heard, End.TOLD, error)

    def _say(self, request: httpx.Request) -> None:
        """Ollama's client takes no headers for one call."""
        request.headers.update(self._heard.ask.headers)

    def _note(self, response: httpx.Response) -> None:
        self._heard.heard.job_id = response.headers.get(HEADER)


def _failed(heard: Heard, end: End, error: Exception) -> None:
    found = JOB_ID.search(str(error))
    heard.end, heard.words = end, f"{type(error).__name__}: {error}"[:300]
    heard.job_id = heard.job_id or (found.group() if found else None)


def _messages(ask: Ask) -> Any:
    said = {"system": canary.PROMPT, "user": ask.job.prompt}
    return [{"role": role, "content": text} for role, text in said.items()]


def _heard_all(pieces: Iterable[str | None], ask: Ask, heard: Heard) -> None:
    for piece in pieces:
        heard.piece(piece)
        if heard.text and ask.leaves is not Leaves.NEVER:
            raise Left


def _began(raw: Any, heard: Heard) -> Any:
    heard.job_id, heard.retries = raw.headers.get(HEADER), raw.retries_taken
    return raw.parse()


def _chat(clients: Clients, ask: Ask, heard: Heard) -> None:
    create = clients.openai.chat.completions.with_raw_response.create
    raw = create(model=MODEL, messages=_messages(ask), stream=ask.streamed, extra_headers=ask.headers)
    answer = _began(raw, heard)
    if ask.streamed:
        with answer:
            _heard_all((each.choices[0].delta.content for each in answer if each.choices), ask, heard)
    else:
        heard.piece(answer.choices[0].message.content)


def _completion(clients: Clients, ask: Ask, heard: Heard) -> None:
    create = clients.openai.completions.with_raw_response.create
    raw = create(model=MODEL, prompt=ask.job.prompt, stream=ask.streamed, extra_headers=ask.headers)
    answer = _began(raw, heard)
    if ask.streamed:
        with answer:
            _heard_all((each.choices[0].text for each in answer if each.choices), ask, heard)
    else:
        heard.piece(answer.choices[0].text)


def _embedding(clients: Clients, ask: Ask, heard: Heard) -> None:
    create = clients.openai.embeddings.with_raw_response.create
    heard.vector = _began(create(model=MODEL, input=ask.job.prompt, extra_headers=ask.headers), heard).data[0].embedding


def _response(clients: Clients, ask: Ask, heard: Heard) -> None:
    create = clients.openai.responses.with_raw_response.create
    raw = create(
        model=MODEL,
        input=ask.job.prompt,
        instructions=canary.PROMPT,
        stream=ask.streamed,
        background=ask.door is Door.LATER,
        extra_headers=ask.headers,
    )
    answer = _began(raw, heard)
    if ask.streamed:
        with answer:
            deltas = (each.delta for each in answer if each.type == "response.output_text.delta")
            _heard_all(deltas, ask, heard)
    elif ask.door is Door.LATER:
        heard.piece(_later(clients, answer.id))
    else:
        heard.piece(answer.output_text)


def _later(clients: Clients, response_id: str) -> str:
    """Ask for it until it is there."""
    pause = threading.Event()
    for _ in range(POLLS):
        found = clients.openai.responses.retrieve(response_id)
        if found.status not in ("queued", "in_progress"):
            return str(found.output_text)
        pause.wait(POLL_SECONDS)
    return ""


def _ollama_chat(clients: Clients, ask: Ask, heard: Heard) -> None:
    streamed: Any = ask.streamed
    answer = clients.ollama.chat(model=MODEL, messages=_messages(ask), stream=streamed)
    _heard_all((each.message.content for each in _pieces(answer)), ask, heard)


def _ollama_generate(clients: Clients, ask: Ask, heard: Heard) -> None:
    streamed: Any = ask.streamed
    answer = clients.ollama.generate(model=MODEL, prompt=ask.job.prompt, system=canary.PROMPT, stream=streamed)
    _heard_all((each.response for each in _pieces(answer)), ask, heard)


def _pieces(answer: Any) -> Any:
    return [answer] if isinstance(answer, BaseModel) else answer


def _ollama_embed(clients: Clients, ask: Ask, heard: Heard) -> None:
    heard.vector = list(clients.ollama.embed(model=MODEL, input=ask.job.prompt).embeddings[0])


def _job(clients: Clients, ask: Ask, heard: Heard) -> None:
    body = {"prompt": ask.job.prompt, "system": canary.PROMPT}
    accepted = clients.http.post("/jobs", json=body, headers=ask.headers).raise_for_status()
    heard.job_id, heard.end = accepted.json()["id"], End.ACCEPTED


DOORS: dict[Door, Callable[[Clients, Ask, Heard], None]] = {
    Door.CHAT: _chat,
    Door.COMPLETION: _completion,
    Door.EMBEDDING: _embedding,
    Door.RESPONSE: _response,
    Door.LATER: _response,
    Door.OLLAMA_CHAT: _ollama_chat,
    Door.OLLAMA_GENERATE: _ollama_generate,
    Door.OLLAMA_EMBED: _ollama_embed,
    Door.JOB: _job,
}
