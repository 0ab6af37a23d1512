"""How OpenAI's endpoints speak."""

from __future__ import annotations

from laneway.translate.openai import answers, requests
from laneway.translate.openai.errors import error_body, failure, refusal
from laneway.translate.openai.responses import answers as responses
from laneway.translate.openai.responses.requests import response
from laneway.translate.openai.responses.stream import Events
from laneway.translate.openai.stream import CHAT_CHUNKS, COMPLETION_CHUNKS, Chunks
from laneway_gateway.doors.asking.tiers import tier_of
from laneway_gateway.doors.door import Door
from laneway_gateway.doors.holding.answering import Speech

OPENAI = Door("openai", "text/event-stream; charset=utf-8", error_body, refusal, failure)

SPEECHES = {
    "/v1/chat/completions": Speech(
        requests.chat,
        lambda result, head, _: answers.chat(result, head),
        lambda head, wanted: Chunks(CHAT_CHUNKS, head, include_usage=wanted.include_usage),
        tier=tier_of,
    ),
    "/v1/completions": Speech(
        requests.completion,
        lambda result, head, _: answers.completion(result, head),
        lambda head, wanted: Chunks(COMPLETION_CHUNKS, head, include_usage=wanted.include_usage),
        tier=tier_of,
    ),
    "/v1/embeddings": Speech(
        requests.embeddings,
        lambda result, head, wanted: answers.embeddings(result, head, as_base64=wanted.base64),
    ),
    "/v1/responses": Speech(
        response,
        lambda result, head, wanted: responses.response(result, head, wanted.echo),
        lambda head, wanted: Events(head, wanted.echo),
        unfinished=lambda head, wanted: responses.unfinished("queued", head, wanted.echo),
        tier=tier_of,
        tells_failure=True,
    ),
}
"""Path → how a request there becomes a job, and its result an answer."""
