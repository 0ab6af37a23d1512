"""The pages for OpenAI's, Ollama's and LangChain's clients, run word for word against a pool that is up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.local.pool import environment
from support.tools import missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.local.pool import LocalPool

ROOT = Path(__file__).parents[2]
POOL = (ROOT / "examples/quickstart/pool.yaml").read_text()
TOLD = "http://127.0.0.1:11435"
"""Where the pages find the gateway."""
INSTALLS = re.compile(r"^pip install .*\n", re.MULTILINE)
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LANGCHAIN = ROOT / ".tools/doors/bin/python"
SECONDS = 240.0
PAGES = {
    "quickstart": "Ask by an API that you know",
    "howto/openai-clients": "",
    "howto/ollama-clients": "",
    "howto/langchain-clients": "",
}
"""Page → the heading under which its blocks are for a running pool; empty: all of it."""


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of each, in order."""
    text = (ROOT / f"docs/{page}.md").read_text()
    if heading := PAGES[page]:
        text = re.split(r"^## ", text.partition(heading)[2], maxsplit=1, flags=re.MULTILINE)[0]
    found = BLOCK.findall(text)
    assert found, page
    return found


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that no page leaves anything in."""
    return tmp_path_factory.mktemp("pages")


@pytest.mark.timeout(900, func_only=True)
def test_what_the_pages_say_is_so(own_pool: Callable[..., LocalPool], shown: Path) -> None:
    if not LANGCHAIN.exists():
        missing("LangChain", "make doors-clients")
    pool = own_pool(POOL)
    for page in PAGES:
        python = str(LANGCHAIN if "langchain" in page else sys.executable)
        exports = ""
        for language, block in blocks(page):
            text = INSTALLS.sub("", block).replace(TOLD, pool.gateway).replace("source .venv/bin/activate\n", "")
            exports += "".join(f"{line}\n" for line in text.splitlines() if line.startswith("export "))
            script = f"{text}" if language == "sh" else f"exec {python} - <<'PAGE'\n{text}PAGE\n"
            done = subprocess.run(
                ["bash", "-euc", exports + script],
                env=environment(PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"),
                cwd=shown,
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
            assert done.returncode == 0, (page, block, done.stdout, done.stderr)
            assert done.stdout or block.startswith(("export", "source", "pip")), (page, block, done.stderr)
            print(f"\n{page}: {done.stdout[-300:]}")  # noqa: T201 - for -s
