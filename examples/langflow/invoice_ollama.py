"""An invoice to JSON by LangFlow's own Ollama component: the pool holds the answer to the fields of its table Format.

lfx run examples/langflow/invoice_ollama.py "Northwind Traders. Invoice A-551. Please pay 312.75 USD."
"""

from __future__ import annotations

import os

from invoice import FIELDS, GATEWAY, MODEL, TEMPLATE
from lfx.components.input_output import ChatInput, ChatOutput
from lfx.components.models_and_agents import PromptComponent
from lfx.graph import Graph
from lfx_ollama.components.ollama.ollama import ChatOllamaComponent

asked = ChatInput(_id="ChatInput-invoice")
prompt = PromptComponent(_id="Prompt-examples")
prompt.set(template=TEMPLATE, invoice=asked.message_response)
model = ChatOllamaComponent(_id="Ollama-laneway")
model.set(
    base_url=os.environ.get("LANEWAY_GATEWAY_URL", GATEWAY),
    api_key=os.environ.get("LANEWAY_KEY"),
    model_name=MODEL,
    temperature=0.01,  # the component drops 0
    enable_structured_output=True,
    format=[*FIELDS],
    tool_model_enabled=False,
    input_value=prompt.build_prompt,
)
answer = ChatOutput(_id="ChatOutput-json")
answer.set(input_value=model.text_response)
graph = Graph(asked, answer)
