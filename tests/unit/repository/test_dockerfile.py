"""What the Dockerfile needs of each distribution: uv reads the whole workspace, whichever part an image is of."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from support.images.contents.distributions import PYPROJECTS

ROOT = Path(__file__).parents[3]
MEMBERS = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]["members"])
COPIED = re.compile(r"^COPY (\S+)/pyproject\.toml \1/$", re.MULTILINE)


def test_every_distribution_is_copied() -> None:
    assert set(COPIED.findall((ROOT / "Dockerfile").read_text())) == MEMBERS


def test_every_distribution_is_let_in() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert MEMBERS - {line.removeprefix("!") for line in lines if line.startswith("!")} == set()


def test_images_of_the_tests_are_built_anew_where_a_distribution_needs_more() -> None:
    assert set(PYPROJECTS) == {"pyproject.toml", *(f"{member}/pyproject.toml" for member in MEMBERS)}
