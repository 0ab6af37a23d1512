"""`laneway validate | schema`."""

from __future__ import annotations

import json
import shlex
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from laneway.cli.output import (
    Exit,
    FileArgument,
    JsonOption,
    errors_in_words,
    print_json,
    say,
    tell,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import BaseModel

    from laneway.schema.pool.file import PoolFile


def validate(file: FileArgument, json_: JsonOption = False) -> None:
    """Check the pools and placement profiles of a file; every problem comes with its line and what to change."""
    from laneway.pool_file import load_objects  # noqa: PLC0415 - costs what `--help` should not pay
    from laneway.schema.pool.file import PoolFileError, needs_either  # noqa: PLC0415 - as above

    with errors_in_words():
        try:
            found = needs_either(load_objects(file), str(file))
        except PoolFileError as error:
            if json_:
                print_json({"valid": False, "problems": [vars(each) for each in error.problems]})
            else:
                say(str(error))
            raise typer.Exit(int(Exit.USAGE)) from None
        for line in _not_checked(file, found):
            say(line)
        if json_:
            print_json({"valid": True, "problems": []})
            return
        for pool in found.pools:
            lanes = ", ".join(f"{lane.name} ({pool.model_of(lane).name})" for lane in pool.spec.lanes)
            tell(f"{file} is valid: pool {pool.metadata.name}, lanes {lanes}")
        for profile in found.profiles:
            tell(f"{file} is valid: placement profile {profile.metadata.name}")


FILES = {"engines": "values.yaml", "profiles": "profiles.yaml"}
"""What `laneway-operator render` takes for each: the Helm values, and a file of PlacementProfiles."""


def _not_checked(file: Path, found: PoolFile) -> Iterator[str]:
    for other in found.others:
        yield f"{file}:{other.line}: not checked: an object of kind {other.kind}"
    lanes = [lane for pool in found.pools for lane in pool.spec.lanes]
    given = {each.metadata.name for each in found.profiles}
    named = {
        "engines": ("the operator has the engines {}", {pool.spec.engine for pool in found.pools if pool.spec.engine}),
        "profiles": (
            "the cluster has the placement profiles {} (kubectl get placementprofiles)",
            {name for lane in lanes for name in lane.profiles} - given,
        ),
    }
    asked = {option: each for option, each in named.items() if each[1]}
    if asked:
        what = " and ".join(words.format(", ".join(sorted(names))) for words, names in asked.values())
        options = " ".join(f"--{option} {FILES[option]}" for option in asked)
        yield (
            f"not checked: whether {what}; with files of them, this does: "
            f"laneway-operator render {shlex.quote(str(file))} {options}"
        )


class Document(StrEnum):
    """What has a JSON Schema."""

    JOB = "job"
    RESULT = "result"
    POOL = "pool"
    PROFILE = "profile"
    NOTIFICATION = "notification"


def schema(what: Annotated[Document, typer.Argument(help="Which schema.")]) -> None:
    """Print a JSON Schema."""
    typer.echo(json.dumps(_model(what).model_json_schema(), indent=2))


def _model(what: Document) -> type[BaseModel]:
    from laneway.schema.job.job import Job  # noqa: PLC0415 - costs what `--help` should not pay
    from laneway.schema.job.result import Notification, Result  # noqa: PLC0415 - as above
    from laneway.schema.pool.pool import LLMWorkerPool  # noqa: PLC0415 - as above
    from laneway.schema.pool.profile import PlacementProfile  # noqa: PLC0415 - as above

    models: dict[Document, type[BaseModel]] = {
        Document.JOB: Job,
        Document.RESULT: Result,
        Document.POOL: LLMWorkerPool,
        Document.PROFILE: PlacementProfile,
        Document.NOTIFICATION: Notification,
    }
    return models[what]
