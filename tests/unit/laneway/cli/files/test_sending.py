"""How a command ends that waits for what it could send."""

from __future__ import annotations

import pytest
import typer

from laneway.cli.files.sending import Sent
from laneway.cli.output import Exit


def test_a_time_out_does_not_hide_that_jobs_were_not_sent(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, Sent(unreachable=1).waiting():
        raise TimeoutError("no result of a within 5 s")
    assert caught.value.exit_code == Exit.UNAVAILABLE
    assert capsys.readouterr().err == "laneway: no result of a within 5 s\n"


@pytest.mark.parametrize("sent", [Sent(), Sent(refused=1)], ids=["all sent", "one refused"])
def test_a_time_out_alone_is_one(sent: Sent) -> None:
    with pytest.raises(TimeoutError), sent.waiting():
        raise TimeoutError
