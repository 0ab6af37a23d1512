"""LangChain's standard tests for its Ollama client; run in the environment that has them."""

from __future__ import annotations

import os
from typing import Any

from langchain_ollama import ChatOllama, OllamaEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests

URL = os.environ["STRANGERS_URL"]


class TestChatOllama(ChatModelIntegrationTests):  # type: ignore[misc] # because it is elsewhere
    @property
    def chat_model_class(self) -> Any:
        return ChatOllama

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"base_url": URL, "model": os.environ["STRANGERS_TOOLS"], "temperature": 0}

    @property
    def model_override_value(self) -> str:
        return os.environ["STRANGERS_CHAT"]

    @property
    def has_tool_choice(self) -> bool:
        return False

    @property
    def supports_json_mode(self) -> bool:
        return True


class TestOllamaEmbeddings(EmbeddingsIntegrationTests):  # type: ignore[misc] # because it is elsewhere
    @property
    def embeddings_class(self) -> Any:
        return OllamaEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"base_url": URL, "model": os.environ["STRANGERS_EMBED"]}
