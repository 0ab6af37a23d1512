"""`laneway validate`, as a person runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from typer.testing import CliRunner

from laneway.cli.main import app
from laneway.cli.output import Exit
from laneway.schema.pool.file import NEITHER
from support.inputs.pools import named, pool_with
from support.inputs.profiles import profile_with

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
        "not checked: whether the cluster has the placement profiles g4dn, g5 (kubectl get placementprofiles); with "
        f"files of them, this does: laneway-operator render {tmp_path}/pool.yaml --profiles profiles.yaml"
    )
    assert not argv or json.loads(done.stdout) == {"valid": True, "problems": []}


def test_an_engine_is_said_not_to_be_checked(tmp_path: Path) -> None:
    file = tmp_path / "pool.yaml"
    file.write_text(yaml.safe_dump_all([pool_with(engine="next"), named(pool_with(), "claims")]))
    command = f"laneway-operator render {file} --engines values.yaml"
    done = CliRunner().invoke(app, ["validate", str(file)])
    words = f"not checked: whether the operator has the engines next; with files of them, this does: {command}\n"
    assert (done.exit_code, done.stderr) == (Exit.OK, words)
    file.write_text(yaml.safe_dump(pool_with(engine="next", lanes=[lane("a", "g5")])))
    done = CliRunner().invoke(app, ["validate", str(file)])
    assert "has the engines next and the cluster has the placement profiles g5 (kubectl" in done.stderr
    assert done.stderr.endswith(f"{command} --profiles profiles.yaml\n")


def test_profiles_of_the_same_file_are_checked_with_it(tmp_path: Path) -> None:
    file = tmp_path / "pool.yaml"
    file.write_text(yaml.safe_dump_all([pool_with(lanes=[lane("a", "g5")]), profile_with("g5")]))
    done = CliRunner().invoke(app, ["validate", str(file)])
    assert (done.exit_code, done.stderr) == (Exit.OK, "")
    assert done.stdout.splitlines()[-1] == f"{file} is valid: placement profile g5"


def test_a_file_of_profiles_alone_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "profiles.yaml"
    file.write_text(yaml.safe_dump_all([profile_with("g5"), profile_with("g6", pricePerHour=0.15)]))
    done = CliRunner().invoke(app, ["validate", str(file)])
    assert (done.exit_code, done.stdout) == (Exit.USAGE, "")
    assert done.stderr == f"{file}:12: spec.pricePerHour: should be a text: write it in quotes\n"


def test_a_file_of_neither_is_refused() -> None:
    done = CliRunner().invoke(app, ["validate", "-"], input="apiVersion: v1\nkind: Namespace\n")
    assert (done.exit_code, done.stderr) == (
        Exit.USAGE,
        f"-: {NEITHER}, only Namespace\n",
    )


def test_nothing_is_said_where_no_profile_is_named(tmp_path: Path) -> None:
    done = validated(tmp_path, [lane("a")])
    assert (done.exit_code, done.stderr) == (Exit.OK, "")


def test_a_pool_comes_from_standard_input() -> None:
    done = CliRunner().invoke(app, ["validate", "-"], input=yaml.safe_dump(pool_with()))
    assert (done.exit_code, done.stdout) == (Exit.OK, "- is valid: pool documents, lanes default (gemma3:4b)\n")
    done = CliRunner().invoke(app, ["validate", "-"], input=yaml.safe_dump(pool_with(suspend="yes")))
    assert (done.exit_code, done.stderr.partition(" ")[0]) == (Exit.USAGE, "-:13:")


def test_every_pool_of_a_file_is_told_and_what_stands_beside_them_is_named(tmp_path: Path) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace"}
    file = tmp_path / "pools.yaml"
    file.write_text(yaml.safe_dump_all([namespace, pool_with(), named(pool_with(), "claims")]))
    done = CliRunner().invoke(app, ["validate", str(file)])
    assert done.exit_code == Exit.OK
    assert [line.partition(" is valid: ")[2] for line in done.stdout.splitlines()] == [
        "pool documents, lanes default (gemma3:4b)",
        "pool claims, lanes default (gemma3:4b)",
    ]
    assert done.stderr == f"{file}:1: not checked: an object of kind Namespace\n"
