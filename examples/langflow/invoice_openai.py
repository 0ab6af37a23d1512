"""An invoice to JSON by LangFlow's Language Model component and its provider "OpenAI Compatible".

OPENAI_COMPATIBLE_BASE_URL=http://127.0.0.1:11435/v1 lfx run examples/langflow/invoice_openai.py "Invoice A-551 …"
"""

from __future__ import annotations

from invoice import MODEL, TEMPLATE
from lfx.components.input_output import ChatInput, ChatOutput
from lfx.components.models_and_agents import LanguageModelComponent, PromptComponent
from lfx.components.processing import RegexExtractorComponent
from lfx.extension import load_installed_extensions
from lfx.graph import Graph

load_installed_extensions()  # `lfx run` does not load providers by itself; LangFlow's server does

asked = ChatInput(_id="ChatInput-invoice")
prompt = PromptComponent(_id="Prompt-examples")
prompt.set(template=TEMPLATE, invoice=asked.message_response)
model = LanguageModelComponent(_id="LanguageModel-laneway")
model.set(
    model=[{"name": MODEL, "provider": "OpenAI Compatible", "icon": "Plug", "metadata": {}}],
    temperature=0.01,
    max_tokens=48,
    input_value=prompt.build_prompt,
)
first = RegexExtractorComponent(_id="Regex-object")
first.set(input_text=model.text_response, pattern=r"^\s*(\{.*?\})")  # the component asks for no form
answer = ChatOutput(_id="ChatOutput-json")
answer.set(input_value=first.get_matches_text)
graph = Graph(asked, answer)
