"""The page of a gateway's settings and keys, and its part of the page of metrics."""

from __future__ import annotations

from laneway_gateway.adapters.metrics import Metrics
from laneway_gateway.settings import VARIABLES

SETTINGS = """\
# The settings of a gateway

`laneway gateway`, `python -m laneway_gateway` and the images are told by variables of the environment; the command
has options for the first ones. A variable that is there and empty is as if left out, and one that
can't be used ends the start with a line that names it. How to reach AWS is said by [boto3's own
variables](https://boto3.amazonaws.com/v1/documentation/api/latest/guide/configuration.html).

| variable | default | what |
|---|---|---|
"""
EXITS = """
| exit code | why |
|---|---|
| 0 | SIGTERM or Ctrl-C, and everything was taken back |
| 1 | a defect, which the log names; or something hung at the end |
| 2 | a variable, the keys file or a port can't be used: one line says which |
| 4 | the pool could not be reached for a minute |

"""
KEYS = """\
## The keys file

JSON, of which [a schema](gateway-keys.schema.json) is published: `{"keys": [ENTRY, …]}`. `laneway keys new NAME`
prints a key, which is kept nowhere, and its entry. The file is read again within two seconds of a change, also where
the kubelet turns round the link of a Secret's volume. What can't be read changes nothing: the keys of before count, a
line of the log says so, and `laneway_gateway_keys_broken` is 1. (A file that is mounted by `subPath` is never changed
by the kubelet.) An empty list lets nobody in. A name may stand there twice while its key is replaced by another; the
two entries differ in `sha256` alone.

"""
METRICS = """
## The metrics of a gateway

`/metrics` where `LANEWAY_GATEWAY_PROBES` says: port 8080 of its pods; on one machine the `health_address` in
`.laneway/gateway/addresses.json`. Every series has the label `pool`. `door` is `openai`, `ollama`, `native` or
`none`.

| metric | kind | further labels | what |
|---|---|---|---|
"""


def gateway_page(keys: str) -> str:
    """`keys` is the table of the fields of the keys file."""
    rows = "".join(
        f"| `{each.name}` | {f'`{each.default}`' if each.default else ''} | {each.text} |\n" for each in VARIABLES
    )
    return f"{SETTINGS}{rows}{EXITS}{KEYS}{keys}"


def gateway_metrics() -> str:
    """What a gateway's registry holds."""
    rows = "".join(
        f"| `{each.name}` | {each.kind} | {', '.join(f'`{label}`' for label in each.labels)} | {each.text} |\n"
        for each in Metrics("").described
    )
    return f"{METRICS}{rows}"
