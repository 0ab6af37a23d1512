"""`python -m support.images [--install]`: build what is missing; a line for each image."""

from __future__ import annotations

import argparse
import os
import sys

from laneway.local.errors import LocalError
from support.images import build


def main() -> int:
    """What can't be had only fails in CI: the tests skip without it."""
    parser = argparse.ArgumentParser(prog="support.images", description="Builds the images of the tests.")
    parser.add_argument("--install", action="store_true", help="apt-get install what is missing (as root)")
    try:
        images = build(install=parser.parse_args().install)
    except LocalError as error:
        sys.stderr.write(f"the images of the tests can't be built: {error}\n")
        return int(os.environ.get("CI") == "true")
    for image in images:
        size = image.path.stat().st_size / 1e6
        sys.stdout.write(f"{image.reference:32} {image.seconds:6.1f} s {size:6.1f} MB  {image.path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
