"""`laneway validate`, as a person runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from typer.testing import CliRunner

from laneway.cli.main import app
from laneway.cli.output import Exit
from support.inputs.pools import pool_with

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result


def validated(folder: Path, lanes: list[dict[str, Any]], *argv: str) -> Result:
    file = folder / "pool.yaml"
    file.write_text(yaml.safe_dump(pool_with(lanes=lanes)))
    return CliRunner().invoke(app, ["validate", *argv, str(file)])


def lane(name: str, *profiles: str) -> dict[str, Any]:
    return {"name": name, "placement": {"profiles": list(profiles)}} if profiles else {"name": name}


@pytest.mark.parametrize("argv", [(), ("--json",)], ids=["people", "programs"])
def test_placement_profiles_are_said_not_to_be_checked(tmp_path: Path, argv: tuple[str, ...]) -> None:
    done = validated(tmp_path, [lane("a", "g5", "g4dn"), lane("b", "g5"), lane("c")], *argv)
    assert done.exit_code == Exit.OK
    (line,) = done.stderr.splitlines()
    assert line == (
        "not checked: whether the operator has the placement profiles g4dn, g5; this does, with its Helm values: "
        f"laneway-operator render {tmp_path}/pool.yaml --profiles values.yaml"
    )
    assert not argv or json.loads(done.stdout) == {"valid": True, "problems": []}


def test_nothing_is_said_where_no_profile_is_named(tmp_path: Path) -> None:
    done = validated(tmp_path, [lane("a")])
    assert (done.exit_code, done.stderr) == (Exit.OK, "")
