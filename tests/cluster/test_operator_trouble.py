"""What a person sees when a pool can't be served as it is, and what the operator does by itself once it can."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from laneway.schema.shared.names import OWNER_TAG, REPORT
from laneway_operator.kinds import KINDS
from laneway_operator.reasons import Reason
from support.aws.cli import command_in, run_line
from support.aws.moto import aws_credentials, moto_server
from support.cluster.cluster import REGION, api_cluster
from support.cluster.control.keda import keda_probes, start_keda
from support.operator.process import operated_by_process
from support.pods.installed import CREDENTIALS, SECRET
from support.processes import free_port
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.operator.process import Operated, Place

COLUMNS = ["NAME", "READY", "REASON", "MODEL", "LANES", "WORKERS", "AGE"]
CHILDREN = ",".join(each.plural for each in KINDS.values())
OURS = "--selector=laneway.dev/pool"
REPAIR_SECONDS = 30.0  # five on an idle machine
COLLECTED_SECONDS = 90.0  # the garbage collector looks for new kinds of object, such as ours, every 30 seconds
RETRY_SECONDS = 90.0  # the longest back-off and a loaded machine
OWN_QUEUES = ("own", "own-dead")
ACCOUNT = "laneway-worker-documents"
MISSED = [("serviceaccount", ACCOUNT), ("rolebinding", ACCOUNT)]


@pytest.fixture
def places(operated: Operated) -> Iterator[Callable[..., Place]]:
    """Namespaces of the test's own; its pools are gone after it."""
    yield operated.place
    operated.clear()


@pytest.fixture
def place(places: Callable[..., Place]) -> Place:
    return places()


def test_a_pool_shows_how_it_is_at_a_glance(place: Place) -> None:
    place.apply()
    place.until("ScaledToZero")
    assert place.kubectl("get", "lwp").splitlines()[0].split() == COLUMNS
    assert place.row()[:6] == ["documents", "True", "ScaledToZero", "gemma3:4b", "1", "0/0"]
    assert "no jobs, no workers; the next job starts one" in place.described()


def test_without_keda_everything_else_is_made_and_keda_is_used_as_soon_as_it_comes(tmp_path: Path) -> None:
    (tmp_path / "operator").mkdir()
    with (
        api_cluster(tmp_path / "cluster") as cluster,
        operated_by_process(cluster, tmp_path / "operator") as operated,
    ):
        place = operated.place()
        place.apply()
        words = place.until("KedaMissing", kind="ScalingReady")
        assert words.startswith("False: the cluster has no ")
        assert "KEDA is not installed. Install KEDA 2.18 or newer; until then the lanes stay at zero." in words
        eventually(lambda: place.row()[1:3] == ["False", "KedaMissing"])
        assert "Install KEDA 2.18 or newer" in place.described()
        assert place.get("deployment", "documents-default")["spec"]["replicas"] == 0

        assert cluster.site is not None
        with timed("KEDA that was missing is used"):
            start_keda(cluster.site, cluster.kubeconfig)
            cluster.site.programs.wait(keda_probes(cluster.site))
            assert place.until("ScaledToZero", seconds=RETRY_SECONDS).startswith("True")
        assert place.get("scaledobject", "documents-default")["spec"]["scaleTargetRef"]["name"] == "documents-default"


def test_aws_that_is_away_is_waited_for_and_what_does_not_need_it_goes_on(
    operated: Operated, place: Place, tmp_path: Path
) -> None:
    port = free_port()
    try:
        operated.start(f"http://127.0.0.1:{port}")
        place.apply()
        place.apply("own", lane=own_queue(f"http://127.0.0.1:{port}"))
        words = place.until("AWSUnreachable")
        assert f"no answer from http://127.0.0.1:{port}" in words
        assert "Check region, endpoint and network; Laneway goes on trying." in words
        assert "Laneway goes on trying." in place.described()
        assert place.until("AWSUnreachable", "own", "QueuesReady").startswith("Unknown")
        edited(place, "own")

        with moto_server(tmp_path, port) as endpoint:
            make_queues(endpoint)
            with timed("AWS that was away is used"):
                assert place.until("ScaledToZero", seconds=RETRY_SECONDS).startswith("True")
            words = place.until("RedriveTooLow", "own", seconds=RETRY_SECONDS)
            assert words.startswith(f"False: lane default: {endpoint}/123456789012/own has no redrive policy")
            run_line(command_in(words))
            assert place.until("ScaledToZero", "own", seconds=RETRY_SECONDS).startswith("True")
    finally:
        operated.clear()
        operated.start()


def test_a_profile_that_there_is_not_is_told_with_those_that_there_are(place: Place) -> None:
    place.apply(lane={"placement": {"profiles": ["g5"]}})
    place.apply("healthy")
    words = (
        "lane default: no placement profile g5; there are: cpu, gpu. Use one that `kubectl get placementprofiles` lists"
    )
    assert words in place.until("UnknownProfile")
    assert words in place.described()
    assert place.row()[1:3] == ["False", "UnknownProfile"]
    assert place.until("ScaledToZero", "healthy").startswith("True")
    place.apply(lane={"placement": {"profiles": ["gpu"]}})
    assert place.until("ScaledToZero").startswith("True")


def ollama_of(place: Place, pool: str) -> str:
    (found,) = place.get("deployment", f"{pool}-default")["spec"]["template"]["spec"]["initContainers"]
    return str(found["image"])


def test_one_pool_gets_another_engine_and_an_unknown_one_leaves_it_as_it_was(place: Place) -> None:
    place.apply(engine="stub")
    place.apply("others")
    for name in ("documents", "others"):
        assert place.until("ScaledToZero", name).startswith("True")
    before = place.get("deployment", "others-default")["metadata"]["generation"]
    assert (ollama_of(place, "documents"), ollama_of(place, "others")) == (
        "laneway.local/stub-ollama:test",
        "laneway.local/ollama:test",
    )
    place.apply(engine="next")
    words = "no engine next; there are: stub, test. Use one of the engines, or add it to `engines`"
    assert words in place.until("UnknownEngine")
    assert place.row()[1:3] == ["False", "UnknownEngine"]
    assert ollama_of(place, "documents") == "laneway.local/stub-ollama:test"
    place.apply()
    assert place.until("ScaledToZero").startswith("True")
    assert ollama_of(place, "documents") == "laneway.local/ollama:test"
    assert place.get("deployment", "others-default")["metadata"]["generation"] == before


DIGEST = "sha256:" + "a" * 64


def lanes_of(place: Place) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in place.get("lwp", "documents").get("status", {}).get("lanes", [])}


def test_each_lane_says_what_is_its_own_and_what_serves_it(place: Place) -> None:
    floor = {"scaling": {"minReplicas": 1, "maxReplicas": 1}}
    large = {"name": "large", "resources": {"requests": {"cpu": 1000}}, **floor}
    place.apply(lanes=[large, {"name": "cpu", **floor}, {"name": "idle"}])
    assert place.until("Unschedulable").startswith("False")
    own = {"large": "Unschedulable", "cpu": "Serving", "idle": "ScaledToZero"}
    eventually(lambda: {name: each["conditions"][0]["reason"] for name, each in lanes_of(place).items()} == own)
    status = place.get("lwp", "documents")["status"]
    assert (status["workers"], status["readyWorkers"], status["desiredWorkers"]) == ("1/2", 1, 2)
    assert lanes_of(place)["cpu"]["serving"] == [{"engineImage": "laneway.local/ollama:test"}]
    assert "serving" not in lanes_of(place)["large"]

    report = json.dumps({"digest": DIGEST})
    place.kubectl("annotate", "pods", "--selector=laneway.dev/lane=cpu", f"{REPORT}={report}")
    served = [{"modelDigest": DIGEST, "engineImage": "laneway.local/ollama:test"}]
    eventually(lambda: lanes_of(place)["cpu"]["serving"] == served)
    path = "jsonpath={range .status.lanes[*]}{.name} {.conditions[0].reason} {.serving[*].modelDigest}{'\\n'}{end}"
    assert place.kubectl("get", "lwp", "documents", f"--output={path}").splitlines() == [
        "large Unschedulable ",
        f"cpu Serving {DIGEST}",
        "idle ScaledToZero ",
    ]


def test_a_model_too_large_for_every_nodes_memory_waits_unless_its_lane_asks_for_none(place: Place) -> None:
    floor = {"scaling": {"minReplicas": 1, "maxReplicas": 1}}
    bold = {"name": "bold", "resources": {"requests": {"memory": 0}}, **floor}
    place.apply(model={"name": "large:405b"}, lanes=[{"name": "careful", **floor}, bold])
    assert "Insufficient memory" in place.until("Unschedulable")
    own = {"careful": "Unschedulable", "bold": "Serving"}
    eventually(lambda: {name: each["conditions"][0]["reason"] for name, each in lanes_of(place).items()} == own)
    asked = {name: asked_by_ollama(place, name) for name in own}
    assert asked == {
        "careful": {"memory": "384Gi", "ephemeral-storage": "384Gi"},
        "bold": {"memory": "0", "ephemeral-storage": "384Gi"},
    }


def asked_by_ollama(place: Place, lane: str) -> dict[str, str]:
    pod = place.get("deployment", f"documents-{lane}")["spec"]["template"]["spec"]
    return dict(pod["initContainers"][0]["resources"]["requests"])


def test_a_deployment_of_somebody_else_is_unharmed_and_scaled_by_nobody(place: Place) -> None:
    theirs = "documents-default"
    place.kubectl("create", "deployment", theirs, "--image=nginx", "--replicas=2")
    place.kubectl("rollout", "status", "deployment", theirs)
    before = place.get("deployment", theirs)
    place.apply()
    place.apply("healthy")
    words = f"Deployment {theirs}: there is a Deployment {theirs} that is not this pool's. Rename the lane or the pool"
    assert words in place.until("NameTaken")
    assert words in place.described()
    assert place.until("ScaledToZero", "healthy").startswith("True")
    after = place.get("deployment", theirs)
    assert (after["spec"], after["metadata"]["labels"]) == (before["spec"], before["metadata"]["labels"])
    assert place.get("scaledobject", theirs) == {}

    place.kubectl("delete", "deployment", theirs)
    assert place.until("ScaledToZero", seconds=RETRY_SECONDS).startswith("True")


def test_a_secret_that_is_missing_is_named_and_waited_for(places: Callable[..., Place]) -> None:
    without, healthy = places(secret=False), places()
    without.apply()
    healthy.apply()
    words = without.until("SecretMissing")
    assert (
        f"has no Secret {SECRET}: kubectl create secret generic {SECRET} --namespace {without.namespace} --from"
        in words
    )
    assert "Create the Secret in the pool's namespace" in without.described()
    assert healthy.until("ScaledToZero").startswith("True")
    assert without.row()[1:3] == ["False", "SecretMissing"]
    with timed("a Secret that was missing is used"):
        without.kubectl("create", "secret", "generic", SECRET, *CREDENTIALS)
        assert without.until("ScaledToZero", seconds=RETRY_SECONDS).startswith("True")


HURDLES: dict[str, dict[str, Any]] = {
    "ResourceQuota": {"hard": {"pods": "0"}},
    "LimitRange": {"limits": [{"type": "Container", "max": {"memory": "64Mi"}}]},
}


@pytest.mark.parametrize("kind", HURDLES)
def test_a_namespace_that_refuses_the_preflight_is_told_and_waited_for(place: Place, kind: str) -> None:
    hurdle = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "hurdle"}, "spec": HURDLES[kind]}
    place.operated.cluster.apply(hurdle, namespace=place.namespace)
    place.apply()
    words = place.until(Reason.PREFLIGHT_REFUSED)
    (job,) = names(place, "job")
    assert words.startswith(f"False: the pod of Job {job} is refused, by a ResourceQuota, a LimitRange or an admission")
    assert "Let it in: `kubectl describe job` tells what refuses it" in place.described()
    assert "is forbidden" in place.kubectl("describe", "job", OURS)

    place.kubectl("delete", kind, "hurdle")
    with timed(f"a preflight that was refused by a {kind} has run"):
        assert place.until("ScaledToZero", seconds=RETRY_SECONDS).startswith("True")


def test_an_operator_that_starts_anew_writes_only_what_is_missing(operated: Operated, place: Place) -> None:
    place.apply(lanes=[{"name": "fast"}, {"name": "slow"}])
    place.until("ScaledToZero")
    operated.stop()
    before, written = versions(place), operated.written()
    first = deleted(place, *MISSED[0])

    operated.start()
    eventually(first, REPAIR_SECONDS)
    eventually(deleted(place, *MISSED[1]), REPAIR_SECONDS)  # in a second pass: the first is over
    after = versions(place)
    assert {key: after[key] for key in after if key[1] != ACCOUNT} == {
        key: before[key] for key in before if key[1] != ACCOUNT
    }
    assert operated.written() == written + len(MISSED)


@pytest.mark.parametrize("kind", ["serviceaccount", "configmap", "deployment", "scaledobject", "job", "rolebinding"])
def test_a_child_that_was_deleted_is_back_in_seconds(place: Place, kind: str) -> None:
    place.apply()
    place.until("ScaledToZero")
    with timed(f"a {kind} that was deleted is back"):
        back = deleted(place, kind, names(place, kind)[0])
        eventually(back, REPAIR_SECONDS)
    assert place.until("ScaledToZero").startswith("True")


def test_what_was_changed_by_hand_is_back_in_seconds_and_what_others_wrote_survives(place: Place) -> None:
    place.apply()
    place.until("ScaledToZero")
    config, deployment = names(place, "configmap")[0], "documents-default"
    data = place.get("configmap", config)["data"]
    emptied = json.dumps({"data": dict.fromkeys(data, "{}")})
    place.kubectl("annotate", "deployment", deployment, "other.example/note=kept")
    place.kubectl("label", "deployment", deployment, "other.example/team=nlp")

    with timed("a ConfigMap that was edited is mended"):
        place.kubectl("patch", "configmap", config, "--type=merge", f"--patch={emptied}")
        eventually(lambda: place.get("configmap", config)["data"] == data, REPAIR_SECONDS)
    with timed("an image that was edited is mended"):
        place.kubectl("set", "image", f"deployment/{deployment}", "worker=other:1")
        eventually(lambda: worker_image(place) == "laneway.local/worker:test", REPAIR_SECONDS)

    metadata = place.get("deployment", deployment)["metadata"]
    assert metadata["annotations"]["other.example/note"] == "kept"
    assert metadata["labels"]["other.example/team"] == "nlp"


def test_a_pool_is_deleted_without_the_operator(operated: Operated, place: Place) -> None:
    place.apply(gateway={"keys": {"secretName": "documents-keys"}})
    place.until("ScaledToZero")
    assert {kind for kind, _ in versions(place)} == {*KINDS, "LLMWorkerPool"}
    operated.stop()
    try:
        with timed("a pool is deleted with all that it had"):
            place.kubectl("delete", "lwp", "documents")
            eventually(lambda: not versions(place), COLLECTED_SECONDS)
    finally:
        operated.start()


def test_a_pool_that_takes_its_queues_with_it_waits_for_the_operator(operated: Operated, place: Place) -> None:
    doomed = {"name": "doomed", "queue": {"managed": {"deletionPolicy": "Delete"}}}
    place.apply(lanes=[doomed, {"name": "kept"}])
    place.until("ScaledToZero")
    assert {"doomed", "kept"} == lanes_with_queues(operated, place)
    operated.stop()
    try:
        place.kubectl("delete", "lwp", "documents", "--wait=false")
        assert "deletionTimestamp" in place.get("llmworkerpool", "documents")["metadata"]
    finally:
        operated.start()
    with timed("a pool that waited for the operator is gone"):
        eventually(lambda: place.get("llmworkerpool", "documents") == {}, RETRY_SECONDS)
    assert lanes_with_queues(operated, place) == {"kept"}


def lanes_with_queues(operated: Operated, place: Place) -> set[str]:
    """Of the pool's lanes, by the tags of queues."""
    with operated.cluster.inside(), aws_credentials():
        sqs = boto3.client("sqs", endpoint_url=operated.cluster.environment["AWS_ENDPOINT_URL"], region_name=REGION)
        urls = sqs.list_queues(QueueNamePrefix="laneway-documents-").get("QueueUrls", [])
        owners = [sqs.list_queue_tags(QueueUrl=url)["Tags"][OWNER_TAG].split("/") for url in urls]
        sqs.close()
    return {lane for _, namespace, _, lane in owners if namespace == place.namespace}


def own_queue(endpoint: str) -> dict[str, Any]:
    url, dead = (f"{endpoint}/123456789012/{name}" for name in OWN_QUEUES)
    return {"queue": {"external": {"url": url, "deadLetterURL": dead}}}


def make_queues(endpoint: str) -> None:
    with aws_credentials():
        sqs = boto3.client("sqs", endpoint_url=endpoint, region_name=REGION)
        for name in OWN_QUEUES:
            sqs.create_queue(QueueName=name)
        sqs.close()


def edited(place: Place, name: str) -> None:
    """An edit of a pool takes effect."""
    model = {"spec": {"model": {"name": "gemma3:1b"}}}
    place.kubectl("patch", "lwp", name, "--type=merge", f"--patch={json.dumps(model)}")
    eventually(lambda: "gemma3:1b" in place.kubectl("get", "configmaps", OURS, "--output=yaml"), REPAIR_SECONDS)


def versions(place: Place) -> dict[tuple[str, str], str]:
    """Kind and name → the version of the namespace's pools and of all that they have."""
    found = [
        *json.loads(place.kubectl("get", CHILDREN, OURS, "--output=json"))["items"],
        *json.loads(place.kubectl("get", "llmworkerpools", "--output=json"))["items"],
    ]
    return {(each["kind"], each["metadata"]["name"]): version(each) for each in found}


def version(body: dict[str, Any]) -> str:
    """KEDA writes the status of its objects when it likes: of those the spec's generation counts."""
    field = "generation" if body["kind"] == "ScaledObject" else "resourceVersion"
    return str(body["metadata"][field])


def deleted(place: Place, kind: str, name: str) -> Callable[[], bool]:
    """Delete an object; the answer tells whether there is another one by its name."""
    uid = place.get(kind, name)["metadata"]["uid"]
    place.kubectl("delete", kind, name, "--wait=false")  # it may miss the end of one that is back at once
    return lambda: place.get(kind, name).get("metadata", {}).get("uid", uid) != uid


def names(place: Place, kind: str) -> list[str]:
    return place.kubectl("get", kind, OURS, "--output=jsonpath={.items[*].metadata.name}").split()


def worker_image(place: Place) -> str:
    pod = place.get("deployment", "documents-default")["spec"]["template"]["spec"]
    return str(pod["containers"][0]["image"])


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Prints how long it took."""
    began = time.monotonic()
    yield
    print(f"{what} after {time.monotonic() - began:.1f} s")  # noqa: T201 - the figure is the point
