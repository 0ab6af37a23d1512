"""`laneway-gateway`: the doors of one pool, as the environment says."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from typing import TYPE_CHECKING

import uvicorn

from laneway import logs
from laneway.errors import PoolUnavailable
from laneway.schema.pool.documents.keys_file import KeysFileError
from laneway_gateway.app.leaving import Bound
from laneway_gateway.app.life import Defect, Life
from laneway_gateway.app.tracing import tracing
from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.settings import VARIABLES, SettingsError, read_settings

if TYPE_CHECKING:
    from typing import NoReturn

DEFECT = 1
UNUSABLE = 2
UNREACHABLE = 4
EXIT_SECONDS = 2.0  # for what Python itself waits for at its end


def main() -> None:
    """Serve. Exits with 2 and one line where a setting or the keys can't be used, with 4 where the pool can't be
    reached, and with 1 after a defect of ours.
    """
    _arguments()
    logs.configure("laneway_gateway")
    bound, traces = Bound(), tracing(os.environ)
    try:
        life = Life(read_settings(os.environ), bound, traces)
        loop = uvicorn.Config("", loop="auto", log_config=None).get_loop_factory()  # uvloop, where there is one
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(life.run())
    except SettingsError as error:
        _refuse(UNUSABLE, str(error))
    except KeysFileError as error:
        _refuse(UNUSABLE, f"LANEWAY_GATEWAY_KEYS: {error}")
    except PoolUnavailable as error:
        _refuse(UNUSABLE, f"LANEWAY_POOL: {error}")
    except PoolUnreachable as error:
        _refuse(UNREACHABLE, str(error))
    except Defect:
        sys.exit(DEFECT)
    finally:
        traces.flush()
        bound.within(EXIT_SECONDS)


def _arguments() -> None:
    """None; all is said by the environment."""
    lines = [f"  {each.name}\n      {each.text}{_default(each.default)}" for each in VARIABLES]
    parser = argparse.ArgumentParser(
        prog="laneway-gateway",
        description="Serves OpenAI's and Ollama's APIs in front of a Laneway pool.",
        epilog="environment:\n" + "\n".join(lines) + "\nand boto3's own",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()


def _default(text: str) -> str:
    return f" (default: {text})" if text else ""


def _refuse(code: int, message: str) -> NoReturn:
    sys.stderr.write(f"laneway-gateway: {message}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
