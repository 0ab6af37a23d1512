"""AWS in a child process: LocalStack, in an environment of its own, installed into the user's cache.

`python -m support.aws.localstack` installs it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import uv

from laneway.local.errors import LocalError
from laneway.local.ollama.cache import Cache
from support.aws.moto import CREDENTIALS
from support.processes import free_port, server
from support.toolchain.toolbox import HASH_LETTERS, ToolMissing, toolbox
from support.tools import missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from support.toolchain.toolbox import Toolbox

REQUIREMENTS = Path(__file__).with_name("localstack-requirements.txt")
VERSION = "4.8.1"
NAME = f"LocalStack {VERSION}"
BUILD = 1  # counts the changes of `_install`
INTERPRETER = Path("bin/python")
CATALOG = "catalog"
MOST_LETTERS = 160
SPACE_BYTES = 512 * 1024**2

QUIET = {
    "DISABLE_EVENTS": "1",
    "DNS_ADDRESS": "0",
    "LS_LOG": "warning",
    "RES_OPTIONS": "attempts:1 timeout:1",
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "SQS_DISABLE_CLOUDWATCH_METRICS": "1",
}
"""It tells nobody, fetches nothing and opens no port but the one it is given; its one look at the DNS is brief."""


@contextmanager
def localstack_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """The URL of a fresh, empty AWS: SQS, S3 and SNS."""
    port = port or free_port()
    command, environment = program(folder, "127.0.0.1", port)
    with server(command, environment, port, folder / "localstack.log"):
        yield f"http://127.0.0.1:{port}"


def program(folder: Path, address: str, port: int) -> tuple[tuple[str, ...], dict[str, str]]:
    """Its command line and all of its environment; what it writes is in `folder`."""
    python = _python()
    _link_catalog(python.parents[1], folder)
    return (str(python), "-m", "localstack.runtime.main"), _environment(folder, address, port)


@cache
def _python() -> Path:
    try:
        return localstack_python()
    except ToolMissing as error:
        what, how = error.what, error.how
    except LocalError as error:
        what, how = NAME, str(error)
    return missing(what, how)


def localstack_python() -> Path:
    """The interpreter that has LocalStack, installed where it is missing; raises `ToolMissing` or `LocalError`."""
    tools = toolbox()
    target = tools.folder / f"localstack-{_key()}"
    if not target.exists():
        with tools.locked("localstack"):
            if not target.exists():
                _install(tools, target)
    return target / INTERPRETER


def _key() -> str:
    """Changes with the requirements, with the Python that runs them and with what else is done."""
    made_by = f"{BUILD} {sys.implementation.cache_tag} {sys.base_prefix}"
    return hashlib.sha256(made_by.encode() + REQUIREMENTS.read_bytes()).hexdigest()[:HASH_LETTERS]


def _install(tools: Toolbox, target: Path) -> None:
    Cache(os.environ).require_space(SPACE_BYTES, f"installing {NAME}")
    title = f"installing {NAME} from PyPI (once; seconds to a minute)"
    with tools.scratch() as scratch, tools.say.step(title):
        _uv("venv", "--relocatable", "--allow-existing", "--python", sys.executable, str(scratch))
        interpreter = str(scratch / INTERPRETER)
        _uv("pip", "install", "--python", interpreter, "--require-hashes", "--requirement", str(REQUIREMENTS))
        (scratch / CATALOG).mkdir()
        _link_catalog(scratch, scratch)
        _run([interpreter, "-m", "localstack.aws.spec"], _base(scratch))
        scratch.rename(target)


def _uv(*argv: str) -> None:
    _run([uv.find_uv_bin(), *argv, "--quiet", "--no-config"])


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        words = " ".join(done.stderr.split()) or "no reason given"
        raise ToolMissing(NAME, f"`make cache` installs it from PyPI, but here: {words[:MOST_LETTERS]}")


def _link_catalog(tools: Path, root: Path) -> None:
    """AWS's calls as LocalStack reads them: seconds of work at every start where it does not find them done."""
    place = root / "usr" / "lib" / "localstack"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(tools / CATALOG)


def _environment(folder: Path, address: str, port: int) -> dict[str, str]:
    return {
        **_base(folder),
        **CREDENTIALS,
        "SERVICES": "sqs,s3,sns",
        "STRICT_SERVICE_LOADING": "1",
        "EAGER_SERVICE_LOADING": "1",
        "GATEWAY_LISTEN": f"{address}:{port}",
        "GATEWAY_SERVER": "hypercorn",  # the default one listens on every interface
        "LOCALSTACK_HOST": f"{address}:{port}",
        "SQS_ENDPOINT_STRATEGY": "off",  # queue URLs with the address above, not with a name for the DNS
        "S3_SKIP_SIGNATURE_VALIDATION": "0",
    }


def _base(folder: Path) -> dict[str, str]:
    return {
        **QUIET,
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "FILESYSTEM_ROOT": str(folder),
        "OVERRIDE_IN_DOCKER": "0",  # inside a container it would take /var/lib/localstack
    }


def main() -> int:
    """`make cache`: install it before tests ask for it; what can't be had only fails in CI."""
    try:
        localstack_python()
    except (ToolMissing, LocalError) as error:
        sys.stderr.write(f"the tests with LocalStack can't run: {error}\n")
        return int(os.environ.get("CI") == "true")
    return 0


if __name__ == "__main__":
    sys.exit(main())
