"""What strangers' suites ask for and a gateway does not do, and why. Only what stands here may fail."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from support.strangers.suites import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from support.strangers.suites import Outcome


@dataclass(frozen=True)
class Known:
    """Tests that fail."""

    tests: str
    """Their names, as the shell writes patterns."""
    why: str
    sometimes: bool = False
    """Whether it depends on the words of a small model, on which another machine may decide otherwise."""

    def has(self, outcome: Outcome) -> bool:
        """Whether it is about this one."""
        return fnmatchcase(outcome.name, self.tests)


STORED = "completions that were stored: a chat leaves its result under its job's id, at `GET /jobs`, and nowhere else"
CALLS = "SmolLM2 with 135M parameters calls no tool: it answers in text"
PROBABILITIES = "probabilities: refused by name, as a result has no place for them"
OWN_VECTORS = "compares numbers with those of the real all-minilm; here SmolLM2 stands in for it"

OPENAI = (
    Known("chat.test_completions.*with_all_params*", "every field at once, among them `audio`: refused by name"),
    Known("test_completions.*with_all_params*", "every field at once, among them `best_of`: refused by name"),
    Known("test_responses.*create_with_all_params*", "every field at once, among them `conversation`: refused by name"),
    Known("chat.test_completions.*_retrieve[[]*", STORED),
    Known("chat.test_completions.*_update[[]*", STORED),
    Known("chat.test_completions.*_list*", STORED),
    Known("chat.test_completions.*_delete[[]*", STORED),
    Known("chat.completions.test_messages.*", STORED),
    Known("test_models.*_delete[[]*", "models are the pool's, whose file names them: no door deletes one"),
    Known("test_embeddings.*with_all_params*", "vectors of one number: Ollama 0.11.4 shortens none"),
    Known(
        "test_embeddings.*create[[][sa]*",
        "the library asks for base64, and where it is told to be strict refuses the text for which it asked",
    ),
    Known("test_responses.*compact*", "compaction of a conversation: no conversation is kept"),
    Known("responses.test_input_items.*", "the input of a response: its body is the job's, and is not told again"),
    Known("responses.test_input_tokens.*", "tokens are counted by the worker that has the model, when the job runs"),
    Known(
        "test_responses.*retrieve_with_all_params_overload_2*",
        "`starting_after`, a stream from its middle: refused by name, as pieces are put together anew each time",
    ),
)
LANGCHAIN = (
    Known("*::test_tool_calling*", CALLS),
    Known("*::test_bind_runnables_as_tools", CALLS),
    Known("*::test_agent_loop*", CALLS),
    Known("*::test_unicode_tool_call_integration", CALLS),
    Known("*::test_json_mode", "SmolLM2 names other fields than it was asked in words for", sometimes=True),
    Known("*::test_structured_output*", "SmolLM2 does not come to an end within 96 tokens", sometimes=True),
)
LANGCHAIN_OPENAI = (
    Known("*::test_structured_output_pydantic_2_v1", "ChatOpenAI itself takes no model of pydantic 1 for a schema"),
    *LANGCHAIN,
)
OLLAMA = (
    Known("TestAPI/api-generate/*", "`context`, which Ollama calls deprecated: a prompt's tokens are not told again"),
    Known("TestAPI/api-show-model/*", "`template` and `license`: workers tell neither of the models that they load"),
    Known("TestAPI/*logprobs/*", PROBABILITIES),
    Known("TestBasic/num-predict/*", PROBABILITIES),
    Known("TestEmbedding/embedding-api/*", OWN_VECTORS),
    Known("TestEmbedding/embed-api-truncate/*/default_truncate", OWN_VECTORS),
    Known("TestEmbedding/embed-api-truncate/*/explicit_truncate", OWN_VECTORS),
    Known(
        "TestEmbedding/embed-api-truncate/*error*",
        "sets a context of three tokens for one request, to have it refused; a lane's context is its pool's to set",
    ),
    Known("TestContext/context-exhaustion/*", "SmolLM2 tells no story with the words looked for", sometimes=True),
    Known("TestContext/generate-history/*", "asks for a context of 16,384, more than the lane has: refused by name"),
    Known("TestConcurrency/concurrent-chat/*", "SmolLM2 uses none of the words looked for", sometimes=True),
)
KNOWN: dict[str, Sequence[Known]] = {
    "openai-python": OPENAI,
    "langchain-openai": LANGCHAIN_OPENAI,
    "langchain-ollama": LANGCHAIN,
    "ollama": OLLAMA,
}


def unknown(name: str, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """What fails and should not."""
    return [each for each in outcomes if each.how == FAILED and not any(known.has(each) for known in KNOWN[name])]


def stale(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    """What is said to fail, and of which nothing does."""
    failed = [each for each in outcomes if each.how == FAILED]
    return [each.tests for each in KNOWN[name] if not each.sometimes and not any(map(each.has, failed))]
