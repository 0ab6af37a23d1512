"""A pool's table on a real node: rows of results in a PostgreSQL that is down for a while, and rows made anew."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from laneway.schema.job.result import Result
from support.inputs.pools import named, pool_with
from support.pages import shell_blocks, under, yaml_blocks
from support.pods.database import Database, Written
from support.pods.installed import BUCKET, ROOT, SECRET, GivenCluster
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.pods.installed import Installed

PAGE = ROOT / "docs" / "explanation" / "tables.md"
NAME, KEYS, AUTHORITY = "listed", "listed-db", "listed-ca"
POOL = f"s3://{BUCKET}/{NAME}"
PROJECTOR = f"{NAME}-projector-of-all-lanes"
DURING = ("rome", "oslo")
WELL = Written("succeeded", 0)
SECONDS = 120.0
LANE = {"scaling": {"maxReplicas": 1, "cooldown": "5m"}, "placement": {"profiles": ["cpu"]}, "drainTimeout": "30s"}
SPEC: dict[str, Any] = {
    "model": {"name": "gemma3:270m", "contextLength": 2048},
    "results": {"s3": {"bucket": BUCKET, "prefix": f"{NAME}/"}},
    "table": {"postgres": {"secretName": KEYS, "caBundle": {"configMapName": AUTHORITY}}},
}


@pytest.fixture(scope="module")
def database(installed: Installed) -> Iterator[Database]:
    if isinstance(installed.cluster, GivenCluster):
        pytest.skip("the database would be in another network than its pods")
    folder = Path(tempfile.mkdtemp(prefix="laneway-table-"))
    folder.chmod(0o755)
    made = Database(installed.cluster, folder)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def pool(installed: Installed, database: Database) -> Iterator[Installed]:
    kubectl = installed.cluster.kubectl
    kubectl("create", "secret", "generic", KEYS, f"--from-literal=url={database.url}")
    kubectl("create", "configmap", AUTHORITY, f"--from-literal=ca.crt={database.authority}")
    installed.cluster.apply(named(pool_with(lane=LANE, **SPEC), NAME, "default"))
    installed.wait_for(NAME, "ScaledToZero")
    installed.wait_for(NAME, "TableIdle", "TableReady")
    yield installed
    kubectl("delete", "llmworkerpool", NAME)
    kubectl("delete", "secret", KEYS)
    kubectl("delete", "configmap", AUTHORITY)


@pytest.fixture(scope="module")
def first(pool: Installed, database: Database) -> str:
    """A job whose row is there: lane and projector were at zero before."""
    assert (pool.replicas(f"{NAME}-default"), pool.replicas(PROJECTOR)) == (0, 0)
    submit(pool, "paris")
    result(pool, "paris")
    eventually(lambda: "paris" in database.rows(), SECONDS)
    return "paris"


def submit(pool: Installed, job_id: str) -> None:
    done = pool.laneway("submit", "--id", job_id, "--max-tokens", "8", f"The city of {job_id} is", pool=POOL)
    assert done.returncode == 0, done.stdout + done.stderr


def result(pool: Installed, job_id: str) -> Result:
    done = pool.laneway("result", "--wait", "--json", "--timeout", "180", job_id, pool=POOL)
    assert done.returncode == 0, done.stdout + done.stderr + pool.operator_log()
    return Result.model_validate_json(done.stdout)


def test_a_result_of_a_lane_at_zero_gets_its_row_from_a_projector_at_zero(
    pool: Installed, database: Database, first: str
) -> None:
    assert database.rows()[first] == WELL
    pool.wait_for(NAME, "TableWriting", "TableReady")
    scaler = pool.cluster.get("scaledobject", PROJECTOR)["spec"]
    assert (scaler["minReplicaCount"], scaler["maxReplicaCount"]) == (0, 1)


@pytest.mark.usefixtures("first")
def test_jobs_are_answered_while_the_database_is_down_and_get_their_rows_afterwards(
    pool: Installed, database: Database
) -> None:
    with database.stopped():
        for each in DURING:
            submit(pool, each)
        ends = [result(pool, each) for each in DURING]
        assert [(each.status, each.failures) for each in ends] == [("succeeded", ())] * len(DURING)
        told = pool.wait_for(NAME, "TableStarting", "TableReady")
        assert "its table takes no rows" in told["message"]
        assert "`kubectl logs` of its pod says why" in told["message"]
        assert pool.condition(NAME)["status"] == "True"
        log = pool.cluster.kubectl("logs", f"deployment/{PROJECTOR}")
        assert "the table takes no rows: " in log
        assert "Connection refused" in log
    eventually(lambda: set(DURING) <= set(database.rows()), SECONDS)
    assert {database.rows()[each] for each in DURING} == {WELL}
    pool.wait_for(NAME, "TableWriting", "TableReady")


def test_the_job_of_the_page_makes_rows_anew(pool: Installed, database: Database, first: str) -> None:
    database.lose_rows()
    (find,) = under(shell_blocks(PAGE), "Rows that are missing")
    (text,) = under(yaml_blocks(PAGE), "Rows that are missing")
    listed = pool.cluster.run("sh", "-euc", here(find.strip()) + " --output=name").stdout.split()
    job = yaml.safe_load(here(text))
    pod = job["spec"]["template"]["spec"]
    pod["serviceAccountName"] = "default"
    (container,) = pod["containers"]
    container |= {"image": "laneway.local/projector:test", "envFrom": [{"secretRef": {"name": SECRET}}]}
    volumes = {each["name"]: each for each in pod["volumes"]}
    volumes["config"]["configMap"]["name"] = listed[-1].rpartition("/")[2]
    volumes["ca"]["configMap"]["name"] = AUTHORITY
    pool.cluster.kubectl("create", "--filename=-", text=json.dumps(job))
    try:
        pool.cluster.kubectl("wait", "--for=condition=complete", f"job/{NAME}-rebuild", "--timeout=90s")
        assert database.rows()[first] == WELL
        assert "written" in pool.cluster.kubectl("logs", f"job/{NAME}-rebuild")
    finally:
        pool.cluster.kubectl("delete", "job", f"{NAME}-rebuild")


def here(text: str) -> str:
    """The page's pool is ours, in our namespace."""
    return text.replace("documents", NAME).replace("nlp", "default")
