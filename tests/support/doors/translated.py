"""Golden files of what becomes of real clients' requests. `python -m support.doors.translated` rewrites them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laneway.translate.ollama import catalogue
from laneway.translate.ollama import errors as ollama_errors
from laneway.translate.ollama import requests as ollama
from laneway.translate.openai import errors as openai_errors
from laneway.translate.openai import requests as openai
from laneway.translate.openai.responses import requests as responses
from laneway.translate.refused import Refused
from laneway.translate.translated import Translated
from support.inputs.offers import OFFERS

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parents[2] / "data"
INPUT, OUTPUT = DATA / "input" / "doors", DATA / "output" / "doors"
ENDPOINTS: dict[str, Callable[[Any, Any], Any]] = {
    "/v1/chat/completions": openai.chat,
    "/v1/completions": openai.completion,
    "/v1/embeddings": openai.embeddings,
    "/v1/responses": responses.response,
    "/api/chat": ollama.chat,
    "/api/generate": ollama.generate,
    "/api/embed": ollama.embed,
    "/api/embeddings": ollama.embeddings,
    "/api/show": catalogue.show,
}


def recorded() -> dict[str, dict[str, Any]]:
    """Client → name of a call → path and body."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(INPUT.glob("*.json"))}


def becomes(path: str, body: Any) -> Any:
    """What a door makes of a request, as JSON."""
    errors = openai_errors if path.startswith("/v1/") else ollama_errors
    try:
        made = ENDPOINTS[path](body, OFFERS)
    except Refused as refused:
        return {"refused": asdict(errors.refusal(refused))}
    if not isinstance(made, Translated):
        return {"at once": made if isinstance(made, dict) else asdict(made)}
    usual = Translated(made.lane, made.model, made.job)
    wanted = {name: each for name, each in asdict(made.wanted).items() if each != asdict(usual.wanted)[name]}
    return {"lane": made.lane, "job": made.body, "wanted": wanted, "ignored": list(made.ignored)}


def text_of(client: str) -> str:
    """The golden file of a client."""
    calls = recorded()[client]
    return json.dumps({name: becomes(**each) for name, each in calls.items()}, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Rewrite them."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for client in recorded():
        (OUTPUT / f"{client}.json").write_text(text_of(client))


if __name__ == "__main__":
    main()
