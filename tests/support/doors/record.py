"""`make record-doors`: what real clients send, taken down into `tests/data/input/doors`; in an environment of its own.

Each call fails, as the recorder refuses it: what counts is the request.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ollama
import openai
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM
from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings
from pydantic import BaseModel

from support.doors.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import Callable

Calls = dict[str, "Callable[[], Any]"]

FOLDER = Path(__file__).parents[2] / "data" / "input" / "doors"
NODE = Path(__file__).with_name("record.mjs")
MODEL, EMBEDDER = "gemma3:4b", "nomic-embed-text"
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DATA_URL = f"data:image/png;base64,{DOT}"
HI: list[Any] = [{"role": "user", "content": "hi"}]


class Invoice(BaseModel):
    """An invoice."""

    total: float
    payer: str | None = None


def weather(city: str) -> str:
    """Tell the weather.

    Args:
        city: where

    """
    return city


PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL: Any = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}
CALLED: list[Any] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the weather in Paris?"},
    {
        "role": "assistant",
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "Sun."},
    {
        "role": "user",
        "content": [{"type": "text", "text": "And here?"}, {"type": "image_url", "image_url": {"url": DATA_URL}}],
    },
]


def _openai(url: str) -> Calls:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0)
    later = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0)
    chat, responses = client.chat.completions, client.responses
    return {
        "chat": lambda: chat.create(model=MODEL, messages=HI),
        "chat of async": lambda: asyncio.run(_now(later.chat.completions.create, model=MODEL, messages=HI)),
        "chat streamed": lambda: chat.create(
            model=MODEL, messages=HI, stream=True, stream_options={"include_usage": True}
        ),
        "chat with all": lambda: chat.create(
            model="lane:slow",
            messages=CALLED,
            tools=[TOOL],
            tool_choice={"type": "function", "function": {"name": "weather"}},
            temperature=0,
            seed=7,
            stop=["END"],
            max_completion_tokens=64,
            reasoning_effort="low",
            user="u-1",
            service_tier="flex",
        ),
        "chat parsed": lambda: chat.parse(model=MODEL, messages=HI, response_format=Invoice),
        "chat with tools parsed": lambda: chat.parse(
            model=MODEL, messages=HI, tools=[openai.pydantic_function_tool(Invoice)]
        ),
        "chat of two answers": lambda: chat.create(model=MODEL, messages=HI, n=2),
        "completion": lambda: client.completions.create(model=MODEL, prompt="hi", max_tokens=16, stop="END"),
        "embeddings": lambda: client.embeddings.create(model=EMBEDDER, input=["a", "b"]),
        "embeddings of tokens": lambda: client.embeddings.create(model=EMBEDDER, input=[[1, 2], [3]]),
        "response": lambda: responses.create(model=MODEL, input="hi", instructions="Be brief.", background=True),
        "response parsed": lambda: responses.parse(model=MODEL, input="hi", text_format=Invoice),
        "response streamed": lambda: responses.create(
            model=MODEL, input="hi", stream=True, reasoning={"effort": "none"}
        ),
    }


async def _now(call: Callable[..., Any], **fields: Any) -> None:
    with suppress(openai.APIError):
        await call(**fields)


def _ollama(url: str) -> Calls:
    client = ollama.Client(host=url)
    return {
        "chat": lambda: client.chat(MODEL, HI),
        "chat streamed": lambda: list(client.chat(MODEL, HI, stream=True, think=True, keep_alive="5m")),
        "chat with a function": lambda: client.chat(
            MODEL, HI, tools=[weather], options={"temperature": 0, "num_ctx": 4096, "num_gpu": 1}
        ),
        "chat with an image": lambda: client.chat(MODEL, [{"role": "user", "content": "See.", "images": [DOT]}]),
        "chat that loads": lambda: client.chat(MODEL),
        "chat in a form": lambda: client.chat(MODEL, HI, format=Invoice.model_json_schema()),
        "generate": lambda: client.generate(MODEL, "hi", system="Be brief.", options=ollama.Options(num_predict=-1)),
        "generate that unloads": lambda: client.generate(MODEL, keep_alive=0),
        "embed": lambda: client.embed(EMBEDDER, ["a", "b"], truncate=True, dimensions=64),
        "embeddings": lambda: client.embeddings(EMBEDDER, "a"),
        "show": lambda: client.show(MODEL),
    }


def _langchain_openai(url: str) -> Calls:
    same: dict[str, Any] = {"base_url": f"{url}/v1", "api_key": "k", "model": MODEL, "max_retries": 0}
    chat = ChatOpenAI(**same)
    vectors = {**same, "model": EMBEDDER, "check_embedding_ctx_length": False}
    return {
        "chat": lambda: chat.invoke(_history()),
        "chat streamed": lambda: list(chat.stream("hi", stream_usage=True)),
        "chat with tools": lambda: chat.bind_tools([tool(weather)], tool_choice="any").invoke("hi"),
        "chat in a form": lambda: chat.with_structured_output(Invoice).invoke("hi"),
        "chat in a form by tools": lambda: chat.with_structured_output(Invoice, method="function_calling").invoke("hi"),
        "response": lambda: ChatOpenAI(**same, use_responses_api=True, reasoning={"effort": "low"}).invoke(_history()),
        "completion": lambda: OpenAI(**same).invoke("hi"),
        "embeddings": lambda: OpenAIEmbeddings(**vectors).embed_documents(["a", "b"]),
    }


def _langchain_ollama(url: str) -> Calls:
    chat = ChatOllama(base_url=url, model=MODEL)
    odd = ChatOllama(base_url=url, model=MODEL, temperature=0, num_ctx=4096, mirostat=1, keep_alive=-1, reasoning=True)
    return {
        "chat": lambda: chat.invoke(_history()),
        "chat with options": lambda: odd.invoke("hi"),
        "chat with tools": lambda: chat.bind_tools([tool(weather)]).invoke("hi"),
        "chat in a form": lambda: chat.with_structured_output(Invoice).invoke("hi"),
        "generate": lambda: OllamaLLM(base_url=url, model=MODEL).invoke("hi"),
        "embeddings": lambda: OllamaEmbeddings(base_url=url, model=EMBEDDER).embed_documents(["a"]),
    }


def _history() -> list[Any]:
    call: Any = {"name": "weather", "args": {"city": "Paris"}, "id": "call_1"}
    return [
        SystemMessage("Be brief."),
        HumanMessage("What is the weather in Paris?"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("Sun.", tool_call_id="call_1"),
        HumanMessage(CALLED[-1]["content"]),
    ]


CLIENTS: dict[str, Callable[[str], Calls]] = {
    "openai-python": _openai,
    "ollama-python": _ollama,
    "langchain-openai": _langchain_openai,
    "langchain-ollama": _langchain_ollama,
}


def _taken_down(calls: Calls, asked: list[dict[str, Any]]) -> dict[str, Any]:
    found = {}
    for name, call in calls.items():
        asked.clear()
        with suppress(Exception):
            call()
        found[name] = asked[0]
    return found


def _write(client: str, found: dict[str, Any]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{client}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def main(modules: str) -> None:
    """Take down every client; `modules` is the folder of npm's packages."""
    for client, calls in CLIENTS.items():
        with recorder() as (url, asked):
            _write(client, _taken_down(calls(url), asked))
    for client in ("openai-node", "ollama-js"):
        with recorder() as (url, asked):
            done = subprocess.run(
                ["node", str(NODE), client, url, modules], check=True, capture_output=True, text=True, timeout=60
            )
            _write(client, dict(zip(json.loads(done.stdout.splitlines()[-1]), asked, strict=True)))


if __name__ == "__main__":
    main(sys.argv[1])
