"""Who can write `pool.json` decides where all senders send: no worker can, and no pool writes over another's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from laneway.iam.needs import Role
from laneway.iam.policy import policy
from laneway.iam.resources import Scope
from laneway.iam.trust import account_of
from laneway.schema.job.keys import Place
from laneway.schema.pool.documents.pool_document import Owner, pool_document
from laneway.schema.pool.documents.preflight import Finding, Preflight, PreflightCode
from laneway.schema.pool.pool import parse_pool
from laneway.schema.pool.queues.queue import QueueURLs
from laneway.schema.shared.base import Record
from laneway_operator.render import render
from laneway_worker.preflight.publish import check
from laneway_worker.testing.access import MemoryAccess
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.memory import MemoryStore
from support.inputs.pools import named, pool_with
from support.operator.in_memory import pool_view
from support.worker.lane import documents_with

ROLE = "eks.amazonaws.com/role-arn"
SCOPE = Scope(account="111122223333", region="eu-west-1")
WORKERS, PREFLIGHT = "laneway-worker-documents", "laneway-preflight-documents"
SHARED: dict[str, dict[str, Any]] = {"a name": {"name": "claims"}, "one role": {"annotations": {ROLE: "a"}}}
APART: dict[str, dict[str, Any]] = {
    "nothing": {},
    "two roles": {"serviceAccount": {"annotations": {ROLE: "a"}, "preflightAnnotations": {ROLE: "b"}}},
}
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/fast"
BUCKET, KEY = "acme-llm", "documents/pool.json"


def accounts(document: dict[str, Any]) -> dict[str, set[str]]:
    """Component → the ServiceAccounts of its pods."""
    found: dict[str, set[str]] = {}
    for each in render(pool_view(document)):
        pod = each.get("spec", {}).get("template", {}).get("spec")
        if pod is not None:
            found.setdefault(pod["containers"][0]["name"], set()).add(pod["serviceAccountName"])
    return found


def writes_pool_document(role: Role, document: dict[str, Any]) -> bool:
    statements = policy(role, parse_pool(document), SCOPE)["Statement"]
    return any(
        "s3:PutObject" in each["Action"] and f"arn:aws:s3:::{BUCKET}/{KEY}" in each["Resource"] for each in statements
    )


@pytest.mark.parametrize("spec", APART.values(), ids=APART)
def test_no_identity_on_a_gpu_can_write_where_senders_send(spec: dict[str, Any]) -> None:
    document = named(pool_with(**spec))
    assert accounts(document) == {"worker": {WORKERS}, "preflight": {PREFLIGHT}}
    assert [writes_pool_document(each, document) for each in (Role.POOL, Role.WORKER, Role.DEAD_LETTERS)] == [False] * 3
    assert writes_pool_document(Role.PREFLIGHT, document)
    trusted = account_of(Role.PREFLIGHT, parse_pool(document))
    assert trusted is not None
    assert trusted.name == PREFLIGHT


@pytest.mark.parametrize("account", SHARED.values(), ids=SHARED)
def test_an_account_that_serves_both_is_the_administrators_own_choice(account: dict[str, Any]) -> None:
    document = named(pool_with(serviceAccount=account))
    name = account.get("name", WORKERS)
    assert accounts(document) == {"worker": {name}, "preflight": {name}}
    assert writes_pool_document(Role.POOL, document)


def test_each_account_has_its_own_role_and_only_the_workers_may_write_onto_pods() -> None:
    made = render(pool_view(named(pool_with(**APART["two roles"]))))
    found = {
        each["metadata"]["name"]: each["metadata"]["annotations"] for each in made if each["kind"] == "ServiceAccount"
    }
    assert found == {WORKERS: {ROLE: "a"}, PREFLIGHT: {ROLE: "b"}}
    bound = [each["subjects"] for each in made if each["kind"] == "RoleBinding"]
    assert PREFLIGHT not in json.dumps(bound)


def preflight() -> Preflight:
    return Preflight(
        results=Place(bucket=BUCKET, prefix="documents/"),
        region="eu-west-1",
        document=pool_document([documents_with(queue={"url": URL, "dead_letter_url": f"{URL}-dead"})]),
    )


def of_cluster(cluster: str, queue: str = "fast") -> Preflight:
    """The same pool's, by another cluster, with a queue of its own or the same one."""
    found = preflight()
    url = f"https://sqs.eu-west-1.amazonaws.com/123456789012/{queue}"
    lane = found.document.lanes[0].model_copy(update={"queue": QueueURLs(url=url, dead_letter_url=f"{url}-dead")})
    document = found.document.model_copy(update={"owner": Owner(cluster=cluster), "lanes": (lane,)})
    return found.model_copy(update={"document": document})


def published(store: MemoryStore, each: Preflight) -> list[Finding]:
    return check(each, store, MemoryAccess())


def test_a_pool_of_the_same_name_in_another_cluster_is_not_written_over() -> None:
    store = MemoryStore(ManualClock())
    assert published(store, of_cluster("blue")) == []
    before = store.objects[BUCKET, KEY]
    (found,) = published(store, of_cluster("green", "other"))
    assert found.code is PreflightCode.POOL_DOCUMENT_OF_ANOTHER
    of = "the pool default/documents in another cluster (blue)"
    words = f"s3://acme-llm/documents/pool.json is of {of} and stays as it is: its senders would send here"
    assert found.message == words
    assert store.objects[BUCKET, KEY] == before


def test_it_is_taken_over_on_purpose_once_the_object_is_gone() -> None:
    store = MemoryStore(ManualClock())
    published(store, of_cluster("blue"))
    del store.objects[BUCKET, KEY]
    assert published(store, of_cluster("green", "other")) == []
    assert b"green" in store.objects[BUCKET, KEY].body
    (found,) = published(store, of_cluster("blue"))
    assert "another cluster (green)" in found.message


def test_who_leads_senders_to_the_same_queues_may_publish() -> None:
    """Queues of one's own move with the pool, whatever the clusters are called."""
    store = MemoryStore(ManualClock())
    published(store, of_cluster("blue"))
    assert published(store, of_cluster("green")) == []
    assert b"green" in store.objects[BUCKET, KEY].body


@pytest.mark.parametrize(
    "there", [of_cluster("blue"), preflight()], ids=["of the same cluster", "of an older operator"]
)
def test_what_the_same_cluster_or_an_older_operator_published_is_replaced(there: Preflight) -> None:
    store = MemoryStore(ManualClock())
    published(store, there)
    assert published(store, of_cluster("blue", "other")) == []
    assert b"/other" in store.objects[BUCKET, KEY].body


def test_readers_that_know_no_owner_pass_over_it() -> None:
    class Older(Record):
        pool: str

    body = of_cluster("blue").document.model_dump_json()
    assert Older.model_validate_json(body).pool == "default/documents"
    assert "owner" not in preflight().document.model_dump_json(), "a local pool's document need not change"


OURS = preflight().document.model_dump_json()
OF_ANOTHER = {
    "the document of another pool": OURS.replace(preflight().document.pool, "law/contracts"),
    "a result of another pool": '{"id": "pool", "status": "succeeded", "pool": "law/contracts"}',
    "what a newer version writes": '{"version": 2, "pool": "law/contracts", "new": {}}',
}


@pytest.mark.parametrize("body", OF_ANOTHER.values(), ids=OF_ANOTHER)
def test_the_document_of_another_pool_is_left_alone_and_named(body: str) -> None:
    store = MemoryStore(ManualClock())
    store.put(BUCKET, KEY, body.encode())
    (found,) = check(preflight(), store, MemoryAccess())
    assert found.code is PreflightCode.POOL_DOCUMENT_OF_ANOTHER
    assert found.message == (
        "s3://acme-llm/documents/pool.json is of the pool law/contracts and stays as it is: its senders would send here"
    )
    there = store.get(BUCKET, KEY, 1_000_000)
    assert there is not None
    assert there.body == body.encode()


@pytest.mark.parametrize("body", [OURS.replace('"version":1', '"version":2'), "", "[]", "no JSON", '{"pool": 1}', "{}"])
def test_what_is_ours_or_nobodys_is_replaced(body: str) -> None:
    store = MemoryStore(ManualClock())
    store.put(BUCKET, KEY, body.encode())
    assert check(preflight(), store, MemoryAccess()) == []
    there = store.get(BUCKET, KEY, 1_000_000)
    assert there is not None
    assert there.body.decode() == OURS


def test_the_name_of_another_pool_is_shown_in_one_short_line() -> None:
    store = MemoryStore(ManualClock())
    store.put(BUCKET, KEY, json.dumps({"pool": "a\x1b[2J\n\u202e" + "b" * 5000}).encode())
    (found,) = check(preflight(), store, MemoryAccess())
    assert found.message.isprintable()
    assert len(found.message) < 300
