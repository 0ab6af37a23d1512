"""The page of every bound on what anybody sends, declares or opens: from the constants and the models themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway import pool_file, probes
from laneway.schema.job import failed_job, history, job, result
from laneway.schema.job.fields import values
from laneway.schema.job.history import History
from laneway.schema.job.job import Job
from laneway.schema.pool import file
from laneway.schema.pool.documents import keys_file
from laneway.schema.pool.pool import LLMWorkerPool
from laneway.schema.shared import strict_json, yaml_text
from laneway_gateway.app import server
from laneway_gateway.doors.asking import body, credentials
from laneway_gateway.doors.holding import telling
from laneway_gateway.replies import uvicorns
from laneway_gateway.usage import ledger
from laneway_worker import checker
from laneway_worker.adapters.ollama import stream
from laneway_worker.answer import grammars, objects
from laneway_worker.answer.patterns import writer
from laneway_worker.deliver import commit
from laneway_worker.request import images

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from pydantic import BaseModel


@dataclass(frozen=True)
class Limit:
    """A named constant that bounds something."""

    module: ModuleType
    name: str
    unit: str
    why: str
    told: str
    test: str

    def row(self) -> str:
        """Of the table."""
        value = getattr(self.module, self.name)
        number = f"{value:%Y-%m-%d}" if hasattr(value, "year") else f"{value:,}"
        where = f"`{self.name}` ({self.module.__name__})"
        return f"| {where} | {number} {self.unit} | {self.why} | {self.told} | `{self.test}` |\n"


PARSING = "tests/unit/laneway/schema/job/test_job_parsing.py"
MEMORY = "tests/security/test_memory.py"
WORDS = "tests/security/test_words.py"
PAGES = "tests/security/test_probe_pages.py"
HISTORY = "tests/unit/laneway/schema/job/test_history.py"
LINES = "tests/unit/worker/adapters/ollama/test_lines.py"
EMBEDDINGS = "tests/unit/worker/adapters/ollama/test_embeddings.py"
IMAGES = "tests/security/test_images.py"
GROWTH = "tests/security/test_yaml_growth.py"
REFUSALS = "tests/unit/worker/deliver/test_destinations_that_refuse.py"
POOL_FILE = "tests/unit/laneway/test_pool_file.py"
INVALID = "`invalid_job`, with numbers"
CHECKER = "tests/ports/test_checker.py"
SCHEMAS = "tests/unit/worker/answer/test_grammars.py"
PATTERNS = "tests/unit/worker/answer/patterns/test_patterns.py"
BODIES = "tests/unit/gateway/doors/asking/test_body.py"
CREDENTIALS = "tests/unit/gateway/doors/asking/test_credentials.py"
SERVER = "tests/ports/test_doors_server.py"
LEDGER = "tests/unit/gateway/usage/test_ledger.py"
KEYS = "tests/unit/laneway/schema/pool/documents/test_keys_file.py"
TELLING = "tests/unit/gateway/doors/holding/test_telling.py"
LEFT = "nowhere: left to the check of the answer"
NOT_TOLD = "nowhere: it counts as none"

LIMITS = (
    Limit(values, "MAX_BODY_BYTES", "bytes", "SQS takes 1 MiB with all attributes", "`body_too_large`", MEMORY),
    Limit(job, "MAX_EMBEDDING_NUMBERS", "numbers", "32 MiB of JSON, 180 MiB of memory", INVALID, EMBEDDINGS),
    Limit(job, "MAX_PIXELS", "pixels", "Ollama decodes images in memory", INVALID, IMAGES),
    Limit(images, "MOST_SCANS", "scans", "a JPEG's decoder goes over all pixels for each", "`invalid_job`", IMAGES),
    Limit(strict_json, "MAX_DEPTH", "levels", "what reads JSON calls itself for each", "`invalid_job`", PARSING),
    Limit(strict_json, "MAX_DIGITS", "digits", "longer numbers take time, and mean nothing", "`invalid_job`", PARSING),
    Limit(history, "MAX_ATTRIBUTE_BYTES", "bytes", "of the 8 KiB that bodies leave free", NOT_TOLD, HISTORY),
    Limit(history, "MAX_FAILURES", "failures", "the newest tell enough", "the oldest are dropped", HISTORY),
    Limit(history, "EARLIEST", "", "earlier times can't be told in every zone", NOT_TOLD, WORDS),
    Limit(history, "LATEST", "", "later ones neither", NOT_TOLD, WORDS),
    Limit(result, "MAX_RESULT_BYTES", "bytes", "what is written is read again whole", INVALID, MEMORY),
    Limit(failed_job, "MAX_FAILED_BYTES", "bytes", "a body, escaped, and its failures", "it gives way", MEMORY),
    Limit(stream, "MOST_LINE_BYTES", "bytes", "all vectors of a job come in one line", INVALID, LINES),
    Limit(commit, "MOST_ASIDE", "jobs", "wait in memory for destinations that refuse", "nothing is received", REFUSALS),
    Limit(checker, "CPU_SECONDS", "seconds", "a schema is a program", "`invalid_job`, or `format_not_met`", CHECKER),
    Limit(checker, "MEMORY_BYTES", "bytes", "of the process that reads one schema", "as above", CHECKER),
    Limit(grammars, "MOST_NODES", "schemas", "with references written out", "`invalid_job`", SCHEMAS),
    Limit(grammars, "MOST_CHOICES", "choices", "1,000 take two seconds for the first token", "`invalid_job`", SCHEMAS),
    Limit(
        objects, "MOST_OPTIONAL", "properties", "an object's optional ones cost their cube", "`invalid_job`", SCHEMAS
    ),
    Limit(grammars, "OPTIONAL_COST", "squares", "of their numbers in all objects", "`invalid_job`", SCHEMAS),
    Limit(grammars, "MOST_TEXT", "characters", "Ollama gets names and values as often", "`invalid_job`", SCHEMAS),
    Limit(grammars, "MOST_IN_A_ROW", "schemas", "for one place", "`invalid_job`", SCHEMAS),
    Limit(grammars, "MOST_DEFINITIONS", "definitions", "their work is quadratic", LEFT, SCHEMAS),
    Limit(grammars, "MOST_REPEATS", "repeats", "each is written out", LEFT, SCHEMAS),
    Limit(writer, "MOST_READ", "characters", "of one pattern", LEFT, PATTERNS),
    Limit(writer, "MOST_OPTIONAL", "parts", "200 that may be missing take 14 s", LEFT, PATTERNS),
    Limit(pool_file, "MAX_FILE_BYTES", "bytes", "a pool of 16 lanes has a tenth", "`laneway validate`", POOL_FILE),
    Limit(file, "MOST_PROBLEMS", "mistakes", "the line of each is looked for", "the first ones", GROWTH),
    Limit(yaml_text, "MAX_NODES", "values", "aliases of aliases grow without end", "`laneway validate`", GROWTH),
    Limit(probes, "MOST_CONNECTIONS", "connections", "each has a thread", "the oldest is cut off", PAGES),
    Limit(probes, "READ_SECONDS", "seconds", "who says nothing holds a thread", "the connection ends", PAGES),
    Limit(body, "MOST_BYTES", "bytes", "a job whose characters are all escaped", "413, `body_too_large`", BODIES),
    Limit(body, "MOST_MARKS", "marks", "texts, commas, brackets: each is looked at", "as above", BODIES),
    Limit(body, "MOST_SECONDS", "seconds", "a body that does not come holds a connection", "408", BODIES),
    Limit(credentials, "MOST_KEY", "characters", "a key has 46", "401", CREDENTIALS),
    Limit(uvicorns, "SILENT_SECONDS", "seconds", "who asks for nothing holds a connection", "it ends", SERVER),
    Limit(uvicorns, "MOST_HEAD_BYTES", "bytes", "load balancers have the same", "the connection ends", SERVER),
    Limit(server, "MORE_CONNECTIONS", "connections", "beside those that hold requests", "503", SERVER),
    Limit(keys_file, "MAX_KEYS", "keys", "each is compared at each request", "`trouble` in the log", KEYS),
    Limit(keys_file, "MAX_KEYS_FILE_BYTES", "bytes", "a Secret holds no more", "the same", KEYS),
    Limit(ledger, "MOST_OPEN_OF_A_KEY", "jobs", "of a key with a quota: each is remembered", "429", LEDGER),
    Limit(ledger, "MOST_OPEN", "jobs", "of all of them, in one process", "429", LEDGER),
    Limit(telling, "STUCK_SECONDS", "seconds", "a client that reads nothing is gone", "its stream ends", TELLING),
)

MODELS: dict[str, tuple[type[BaseModel], str]] = {
    "Fields of a job": (Job, "Told by `invalid_job`, which names the field (`tests/support/inputs/bad_jobs.py`)."),
    "Fields of the `laneway` attribute": (History, f"What is outside counts as none (`{HISTORY}`)."),
    "Fields of a pool": (
        LLMWorkerPool,
        "Told by `laneway validate`, `kubectl apply` and the pool's status (`tests/support/inputs/bad_pools.py`).",
    ),
}

INTRODUCTION = """\
Everything that anybody sends, declares or opens has a bound. Bounds with a name of their own:

| constant | value | why | told | test |
|---|---|---|---|---|
"""


def limits_page(notes: dict[str, str]) -> str:
    """The page; `notes` say how a keyword of JSON Schema reads."""
    named = INTRODUCTION + "".join(limit.row() for limit in LIMITS)
    return "\n".join([named, *(_section(title, *of, notes) for title, of in MODELS.items())])


def _section(title: str, model: type[BaseModel], told: str, notes: dict[str, str]) -> str:
    schema = model.model_json_schema()
    rows = {f"| `{path}` | {bounds} |\n": None for path, bounds in _bounds(schema, schema, "", notes, ())}
    return f"## {title}\n\n{told}\n\n| field | bounds |\n|---|---|\n{''.join(rows)}"


def _bounds(
    root: dict[str, Any], node: dict[str, Any], path: str, notes: dict[str, str], seen: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Path and bounds of each field, a definition followed once on each way down."""
    reference = str(node.get("$ref", "")).rpartition("/")[2]
    if reference in seen:
        return
    if reference:
        node, seen = root["$defs"][reference] | node, (*seen, reference)
    found = ", ".join(words.format(_plain(node[keyword])) for keyword, words in notes.items() if keyword in node)
    if found and path:
        yield path, found.replace("|", "\\|")
    for below, child in _children(node, path):
        yield from _bounds(root, child, below, notes, seen)


def _children(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Fields, items and values, and the ways in which a field may be written."""
    for name, child in node.get("properties", {}).items():
        yield f"{path}.{name}".lstrip("."), child
    for child in (each for keyword in ("anyOf", "oneOf", "allOf") for each in node.get(keyword, ())):
        yield path, child
    named = {"items": "[]", "propertyNames": " (names)", "additionalProperties": ".*"}
    for keyword, ending in named.items():
        if isinstance(node.get(keyword), dict):
            yield path + ending, node[keyword]
    for child in node.get("patternProperties", {}).values():
        yield f"{path}.*", child


def _plain(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)
