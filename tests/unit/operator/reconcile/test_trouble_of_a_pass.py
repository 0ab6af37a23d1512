from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from laneway.schema.shared.names import KIND, POOL_LABEL
from laneway_operator.errors import NotYet, Unreachable
from laneway_operator.reasons import Reason
from laneway_operator.render import render
from support.golden import TRUSTED
from support.inputs.bad_pools import IMAGE, REGION
from support.inputs.bad_schedules import BEYOND_CEL
from support.inputs.pools import NAMESPACE, named, pool_with
from support.operator.in_memory import (
    EMULATED,
    OTHER_UID,
    SECRET,
    SETTINGS,
    OperatedPool,
    pool_view,
    running_pool,
)


def test_a_profile_that_there_is_not_stops_everything_and_says_so() -> None:
    pool = OperatedPool(pool_with(lane={"placement": {"profiles": ["g5"]}}))
    assert pool.reconcile() is True
    assert pool.cluster.writes == ["status documents"]
    assert pool.queues.changes == []
    status, reason, message = pool.condition("SpecAccepted")
    assert (status, reason) == ("False", Reason.UNKNOWN_PROFILE)
    assert message.startswith(
        "lane default: no placement profile g5; there are: cpu, gpu, gpu-spot, other-cpu, small-gpu. Use one that"
    )


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (pool_with(aws={"region": "europe"}), f"spec.aws.region: {REGION}"),
        (pool_with(modelStore={"image": {"reference": "https://a/b"}}), f"spec.modelStore.image.reference: {IMAGE}"),
        (
            pool_with(lane={"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}}),
            "spec.lanes[0].resources: requests.memory (2Gi) should be at most limits.memory (1Gi)",
        ),
        *((each.document, each.words) for each in BEYOND_CEL),
        (pool_with(modelStore={"claim": {}}), "spec.modelStore.claim: unknown field"),
        (pool_with(lane={"scaling": {"minReplicas": 3}}), "minReplicas (3) should be at most maxReplicas (1)"),
    ],
)
def test_a_spec_that_a_newer_crd_let_in_leaves_what_runs_alone(document: dict[str, Any], words: str) -> None:
    pool = running_pool()
    before = copy.deepcopy(pool.cluster.objects)
    pool.change(document)
    assert pool.reconcile() is False
    assert pool.cluster.objects == before
    assert pool.condition("Ready")[:2] == ("False", Reason.INVALID_SPEC)
    assert words in pool.condition("Ready")[2]
    assert pool.status["observedGeneration"] == 2


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (pool_with(lane={"warmup": "5m"}), "spec.lanes[0].warmup: unknown field; remove it"),
        (pool_with(lane={"paralel": 2}), "spec.lanes[0].paralel: unknown field; did you mean parallel?"),
        (pool_with(events=[{"name": "a"}], canary={}), "spec.canary: unknown field"),
    ],
)
def test_a_field_from_the_future_is_named_and_keeps_nothing_else_from_being_carried_out(
    document: dict[str, Any], words: str
) -> None:
    pool = running_pool()
    document["spec"]["model"]["name"] = "gemma3:1b"
    pool.change(document)
    assert pool.reconcile() is False
    assert [each for each in pool.cluster.writes if each == "apply Deployment documents-default"] != []
    status, reason, message = pool.condition("SpecAccepted")
    assert (status, reason) == ("True", Reason.NOT_UNDERSTOOD)
    assert words in message
    pool.come_up()
    pool.reconcile()
    status, reason, message = pool.condition("Ready")
    assert (status, reason) == ("True", Reason.SCALED_TO_ZERO)
    assert words in message


def test_a_pool_that_is_none_without_its_unknown_fields_is_left_alone() -> None:
    pool = running_pool()
    before = copy.deepcopy(pool.cluster.objects)
    pool.change(pool_with(modelStore={"s3": {"bucket": "models"}}))
    pool.reconcile()
    assert pool.cluster.objects == before
    assert "spec.modelStore.s3: unknown field" in pool.condition("Ready")[2]


def test_an_emulators_secret_that_is_missing_is_waited_for() -> None:
    pool = OperatedPool(settings=EMULATED)
    assert pool.reconcile() is True
    assert pool.cluster.writes == ["status documents"]
    status, reason, message = pool.condition("AccessVerified")
    assert (status, reason) == ("False", Reason.SECRET_MISSING)
    assert "namespace nlp has no Secret aws-emulator" in message
    pool.cluster.secrets.add((NAMESPACE, SECRET))
    assert pool.reconcile() is False
    assert "documents-default" in pool.children("Deployment")


@pytest.mark.parametrize("there", [None, {"ca.crt": "…"}, {"bundle.pem": ""}], ids=["none", "another key", "empty"])
def test_a_bundle_that_is_missing_is_waited_for_and_what_runs_goes_on(there: dict[str, str] | None) -> None:
    pool = running_pool()
    before = copy.deepcopy(pool.cluster.objects)
    pool.restart(replace(SETTINGS, ca_bundle=TRUSTED))
    if there is not None:
        pool.cluster.objects["ConfigMap", NAMESPACE, "acme-trust"] = somebodys(there)
    assert pool.reconcile() is True
    status, reason, message = pool.condition("AccessVerified")
    assert (status, reason) == ("False", Reason.CA_BUNDLE_MISSING)
    assert "namespace nlp has no ConfigMap acme-trust with the key bundle.pem" in message
    assert [each for each in pool.cluster.objects if each not in before and each[2] != "acme-trust"] == []
    pool.cluster.objects["ConfigMap", NAMESPACE, "acme-trust"] = somebodys({"bundle.pem": "-----BEGIN …"})
    pool.reconcile()
    volumes = pool.child("Deployment")["spec"]["template"]["spec"]["volumes"]
    assert "trust" in {each["name"] for each in volumes}


def somebodys(data: dict[str, str]) -> dict[str, Any]:
    return {"metadata": {"name": "acme-trust", "namespace": NAMESPACE, "uid": "a", "labels": {}}, "data": data}


def test_without_an_emulator_no_secret_is_looked_for() -> None:
    pool = running_pool()
    assert not [call for call in pool.cluster.calls if call.startswith("secret")]


@pytest.mark.parametrize("reason", [Reason.AWS_UNREACHABLE, Reason.QUEUE_ACCESS_DENIED, Reason.QUEUE_NOT_OURS])
def test_trouble_at_aws_leaves_what_runs_alone(reason: Reason) -> None:
    pool = running_pool()
    before = copy.deepcopy(pool.cluster.objects)
    pool.queues.trouble = NotYet(reason, "the words of AWS")
    pool.change(pool_with(lane={"parallel": 2}))
    assert pool.reconcile() is True
    assert pool.cluster.objects == before
    assert pool.condition("Ready")[:2] == ("False", reason)
    assert pool.condition("QueuesReady")[2].startswith("lane default: the words of AWS")
    pool.queues.trouble = None
    assert pool.reconcile() is False
    assert pool.condition("QueuesReady")[0] == "True"


def test_own_queues_are_used_as_they_are() -> None:
    own = {"external": {"url": "https://sqs/a", "deadLetterURL": "https://sqs/b"}}
    pool = OperatedPool(pool_with(lane={"queue": own}))
    pool.reconcile()
    assert pool.queues.changes == []
    assert pool.status["lanes"][0]["queueURL"] == "https://sqs/a"


def test_without_keda_everything_else_is_applied_and_comes_later() -> None:
    pool = OperatedPool()
    pool.cluster.keda = False
    assert pool.reconcile() is True
    assert {kind for kind, _, _ in pool.cluster.objects} == {"ServiceAccount", "ConfigMap", "Job", "Deployment"}
    assert pool.condition("ScalingReady")[:2] == ("False", Reason.KEDA_MISSING)
    assert pool.condition("SpecAccepted")[0] == "True"
    pool.cluster.keda = True
    assert pool.reconcile() is False
    assert "documents-default" in pool.children("ScaledObject")


def test_an_object_that_is_refused_is_told_and_the_others_are_applied() -> None:
    pool = OperatedPool()
    pool.cluster.refusals["Deployment", "documents-default"] = "denied by policy no-privileged"
    assert pool.reconcile() is True
    assert "documents-default" in pool.children("ScaledObject")
    status, reason, message = pool.condition("SpecAccepted")
    assert (status, reason) == ("False", Reason.REFUSED)
    assert message.startswith("Deployment documents-default: denied by policy no-privileged. Look at")


def test_where_image_volumes_are_dropped_workers_of_before_go_on() -> None:
    pool = running_pool()
    before = copy.deepcopy(pool.child("Deployment"))
    pool.cluster.image_volumes = False
    pool.change(pool_with(modelStore={"image": {"reference": "registry.example/models/gemma3:4b"}}))
    assert pool.reconcile() is True
    assert pool.child("Deployment") == before
    status, reason, message = pool.condition("Ready")
    assert (status, reason) == ("False", Reason.IMAGE_VOLUMES_MISSING)
    assert message.startswith("Deployment documents-default: the API server drops image volumes: its feature gate")
    pool.cluster.image_volumes = True
    assert pool.reconcile() is False
    assert pool.child("Deployment") != before
    assert pool.condition("SpecAccepted")[0] == "True"


def test_nobody_scales_a_deployment_of_somebody_else() -> None:
    pool = OperatedPool()
    place = ("Deployment", "nlp", "documents-default")
    pool.cluster.objects[place] = {"metadata": {"name": place[2], "namespace": place[1]}}
    assert pool.reconcile() is True
    assert pool.children("ScaledObject") == {}
    assert pool.condition("Ready")[1] == Reason.NAME_TAKEN
    del pool.cluster.objects[place]
    assert pool.reconcile() is False
    assert "documents-default" in pool.children("ScaledObject")


def test_no_worker_reads_a_live_document_of_somebody_else() -> None:
    pool = OperatedPool()
    place = ("ConfigMap", "nlp", "documents-default-live")
    theirs = {"metadata": {"name": place[2], "namespace": place[1]}, "data": {"theirs": "kept"}}
    pool.cluster.objects[place] = copy.deepcopy(theirs)
    assert pool.reconcile() is True
    assert pool.cluster.objects[place] == theirs
    assert "documents-default" not in {*pool.children("Deployment"), *pool.children("ScaledObject")}
    assert pool.condition("Ready")[1] == Reason.NAME_TAKEN
    del pool.cluster.objects[place]
    assert pool.reconcile() is False
    assert "documents-default" in pool.children("Deployment").keys() & pool.children("ScaledObject").keys()


@pytest.mark.parametrize("kind", ["ConfigMap", "Deployment", "ScaledObject", "ServiceAccount", "TriggerAuthentication"])
def test_what_is_somebody_elses_is_left_alone(kind: str) -> None:
    pool = OperatedPool()
    theirs = next(each for each in render(pool_view(named(pool_with()), uid=OTHER_UID)) if each["kind"] == kind)
    theirs["metadata"]["labels"][POOL_LABEL] = "another"
    pool.cluster.apply(theirs)
    name = theirs["metadata"]["name"]
    before = copy.deepcopy(pool.children(kind)[name])
    assert pool.reconcile() is True
    assert pool.children(kind)[name] == before
    assert pool.condition("Ready")[:2] == ("False", Reason.NAME_TAKEN)


def test_an_api_server_that_is_away_is_the_work_queues_business() -> None:
    pool = OperatedPool()
    pool.cluster.down = Unreachable("PATCH: 429", 7.0)
    with pytest.raises(Unreachable):
        pool.reconcile()
    assert pool.status == {}


def test_a_pool_that_would_share_its_results_waits_for_the_older_one() -> None:
    pool = OperatedPool()
    pool.results_shared_with = "other/documents"
    assert pool.reconcile() is True
    assert pool.cluster.writes == ["status documents"]
    status, reason, message = pool.condition("Ready")
    assert (status, reason) == ("False", Reason.RESULTS_SHARED)
    assert message.startswith("pool other/documents has s3://acme-llm/documents/, or a place around or within it, for")

    pool.results_shared_with = None
    pool.reconcile()
    assert pool.condition("SpecAccepted")[:2] == ("True", Reason.ACCEPTED)


def test_an_object_that_only_wears_our_labels_is_left_alone() -> None:
    pool = running_pool()
    body = copy.deepcopy(pool.children("ServiceAccount")["laneway-worker-documents"])
    body["metadata"] |= {"name": "somebody", "uid": OTHER_UID, "ownerReferences": []}
    pool.cluster.objects["ServiceAccount", NAMESPACE, "somebody"] = body
    assert pool.again() == []


def test_queues_of_a_pool_in_trouble_stay_in_its_status() -> None:
    pool = running_pool()
    (before,) = pool.status["lanes"]
    assert before["queueURL"]
    pool.results_shared_with = "other/documents"
    pool.reconcile()
    (after,) = pool.status["lanes"]
    assert [after[name] for name in ("queueURL", "deadLetterQueueURL")] == [
        before[name] for name in ("queueURL", "deadLetterQueueURL")
    ]


def test_a_pool_whose_deletion_nobody_told_of_is_not_made_again() -> None:
    pool = running_pool()
    pool.cluster.gone.add((NAMESPACE, "documents", pool.uid))
    pool.cluster.objects.clear()
    assert [each for each in pool.again() if not each.startswith("status")] == []


def test_a_status_that_is_refused_is_written_later() -> None:
    pool = OperatedPool()
    pool.cluster.refusals[KIND, "documents"] = "failed calling webhook"
    with pytest.raises(Unreachable, match="the status was refused: failed calling webhook"):
        pool.reconcile()
    assert "documents-default" in pool.children("Deployment")
    pool.cluster.refusals.clear()
    assert pool.again() == ["status documents"]


def test_while_aws_is_away_nothing_is_said_of_rights_that_were_tried_before() -> None:
    pool = running_pool()
    pool.queues.trouble = NotYet(Reason.AWS_UNREACHABLE, "no answer")
    pool.reconcile()
    status, reason, message = pool.condition("AccessVerified")
    assert (status, reason) == ("Unknown", Reason.NOT_LOOKED_AT)
    assert message == "not looked at: the lanes' queues come first"
