"""LangChain's standard tests for its OpenAI client; run in the environment that has them."""

from __future__ import annotations

import os
from typing import Any

from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests

SERVER = {"base_url": f"{os.environ['STRANGERS_URL']}/v1", "api_key": "any"}


class TestChatOpenAI(ChatModelIntegrationTests):  # type: ignore[misc] # because it is elsewhere
    @property
    def chat_model_class(self) -> Any:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {**SERVER, "model": os.environ["STRANGERS_TOOLS"], "temperature": 0, "stream_usage": True}

    @property
    def model_override_value(self) -> str:
        return os.environ["STRANGERS_CHAT"]

    @property
    def structured_output_kwargs(self) -> dict[str, Any]:
        return {"method": "json_schema"}

    @property
    def has_tool_choice(self) -> bool:
        return False

    @property
    def supports_json_mode(self) -> bool:
        return True


class TestOpenAIEmbeddings(EmbeddingsIntegrationTests):  # type: ignore[misc] # because it is elsewhere
    @property
    def embeddings_class(self) -> Any:
        return OpenAIEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {**SERVER, "model": os.environ["STRANGERS_EMBED"], "check_embedding_ctx_length": False}
