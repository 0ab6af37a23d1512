"""`models/<lane>.json`: what a worker has found out about the model that it has loaded, for who speaks of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue

from laneway.schema.shared.base import Digest, Record

MAX_FACTS_BYTES = 256 * 1024  # of the document: most of it is what the model's file says of itself


class ModelDetails(Record):
    """As Ollama's `/api/tags` tells them; what it does not tell is empty."""

    format: str = ""
    """`gguf`, as a rule."""
    family: str = ""
    """The architecture."""
    families: tuple[str, ...] = ()
    """The architectures of all its parts."""
    parameter_size: str = ""
    """Such as `4.3B`."""
    quantization_level: str = ""
    """Such as `Q4_K_M`."""


class ModelFacts(Record):
    """`<prefix>models/<lane>.json`."""

    version: Literal[1] = 1
    """Of this document's form."""
    name: str
    """The model's Ollama tag."""
    digest: Digest | None = None
    """The digest of the tag's manifest."""
    size: Annotated[int, Field(ge=0)] = 0
    """Bytes of the model's files."""
    modified_at: AwareDatetime | None = None
    """When the engine got it."""
    details: ModelDetails = ModelDetails()
    """Format, family and sizes."""
    capabilities: tuple[str, ...] = ()
    """What it can do, in Ollama's words (`completion`, `tools`, `vision`, `thinking`, `embedding`); empty where the
    engine is too old to tell.
    """
    model_info: dict[str, JsonValue] = {}
    """What Ollama's `/api/show` tells under this name."""
    context_length: Annotated[int, Field(ge=1)]
    """Tokens of context that the lane gives each request."""
    engine: str | None = None
    """The version of the Ollama that told."""
