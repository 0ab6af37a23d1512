"""DynamoDB Local, AWS's own, from Maven: for tests alone, as its licence wants it.

It listens on every interface, so it runs in a network of its own: a command that runs there is the way to it, and
waits until it listens.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

from support.processes import ended
from support.toolchain.toolbox import ToolMissing, toolbox

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

VERSION = "2.5.2"
PORT = 8000
ENDPOINT = f"http://127.0.0.1:{PORT}"
VARIABLE = "LANEWAY_TEST_DYNAMODB"
"""Names the endpoint that the suite of tables asks, in the place of moto's."""
PROGRAMS = ("java", "mvn", "unshare", "ip")
PROJECT = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>laneway</groupId><artifactId>dynamodb-local</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>{VERSION}</version>
  </dependency></dependencies>
</project>
"""
SCRIPT = """\
ip link set lo up
java -Djava.library.path={jars} -cp {jars}/'*' com.amazonaws.services.dynamodbv2.local.main.ServerRunner \\
  -inMemory -sharedDb -port {port} -disableTelemetry > /dev/null 2>&1 &
{command}
code=$?
kill $!
exit $code
"""


def lacking() -> str | None:
    """What this machine has not, of what it needs."""
    absent = [each for each in PROGRAMS if shutil.which(each) is None]
    return ", ".join(absent) or ("root" if os.geteuid() else None)


def beside(command: Sequence[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command beside a fresh one, which it finds at `ENDPOINT`. Raises `ToolMissing`."""
    script = SCRIPT.format(jars=shlex.quote(str(_jars())), port=PORT, command=shlex.join(command))
    return ended(["unshare", "--net", "bash", "-c", script], {**os.environ, VARIABLE: ENDPOINT, **variables})


def _jars() -> Path:
    tools = toolbox()
    target: Path = tools.folder / f"dynamodb-local-{VERSION}"
    if not target.exists():
        with tools.locked("dynamodb-local"), tools.scratch() as scratch:
            if not target.exists():
                _fetch(scratch)
                (scratch / "jars").rename(target)
    return target


def _fetch(scratch: Path) -> None:
    (scratch / "pom.xml").write_text(PROJECT)
    command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars"]
    done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolMissing("DynamoDB Local", f"`{shlex.join(command)}` failed: {done.stdout[-500:]}")
