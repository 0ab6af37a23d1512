from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.schema.pool.documents.preflight import PreflightCode
from laneway.schema.shared.names import COMPONENT_LABEL, ENGINE_BROKEN_EXIT, REPORT
from laneway_operator.known.trouble import MAX_WORDS, PREFLIGHT_CODES, trouble_of_pod
from laneway_operator.reasons import Reason

RUNNING = {"running": {"startedAt": "2026-11-22T18:00:00Z"}}
BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=worker"}}
NO_NODE = "0/3 nodes are available: "


def container(state: dict[str, Any], last: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A container's status, as the kubelet writes it."""
    return {
        "name": "worker",
        "image": "worker:1",
        "ready": False,
        "restartCount": 1 if last else 0,
        "state": state,
        "lastState": {"terminated": last} if last else {},
        **fields,
    }


def pod(*containers: dict[str, Any], sidecar: dict[str, Any] | None = None, told: str | None = None) -> dict[str, Any]:
    metadata = {"name": "documents-fast-1", "annotations": {REPORT: told}} if told is not None else {"name": "p"}
    status: dict[str, Any] = {"phase": "Pending", "containerStatuses": list(containers)}
    return {"metadata": metadata, "status": status | ({"initContainerStatuses": [sidecar]} if sidecar else {})}


def unscheduled(message: str) -> dict[str, Any]:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"metadata": {"name": "p"}, "status": {"phase": "Pending", "conditions": [condition]}}


def ended(code: int, message: str = "", reason: str = "Error") -> dict[str, Any]:
    return {"exitCode": code, "reason": reason, "message": message, "finishedAt": "2026-11-22T18:00:00Z"}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return container({"waiting": {"reason": reason, "message": message}})


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (waiting("ErrImagePull"), Reason.IMAGE_PULL_FAILED, "container worker: image worker:1 can't be pulled"),
        (waiting("ImagePullBackOff"), Reason.IMAGE_PULL_FAILED, "container worker: image worker:1 can't be pulled"),
        (waiting("InvalidImageName"), Reason.IMAGE_PULL_FAILED, "container worker: image worker:1 can't be pulled"),
        (waiting("ErrImageNeverPull"), Reason.IMAGE_PULL_FAILED, "container worker: image worker:1 can't be pulled"),
        (
            waiting("CreateContainerConfigError", 'secret "aws-emulator" not found'),
            Reason.SECRET_MISSING,
            'container worker: secret "aws-emulator" not found',
        ),
        (
            waiting("CreateContainerConfigError", "couldn't find key AWS_ACCESS_KEY_ID in Secret nlp/aws-emulator"),
            Reason.SECRET_MISSING,
            "container worker: couldn't find key AWS_ACCESS_KEY_ID in Secret nlp/aws-emulator",
        ),
        (
            waiting("CreateContainerConfigError", 'configmap "documents-fast-1" not found'),
            Reason.REFUSED,
            'container worker: configmap "documents-fast-1" not found',
        ),
        (
            container(BACK_OFF, ended(137, reason="OOMKilled")),
            Reason.OUT_OF_MEMORY,
            "container worker was killed for its memory",
        ),
        (
            container({"terminated": ended(137, reason="OOMKilled")}),
            Reason.OUT_OF_MEMORY,
            "container worker was killed for its memory",
        ),
        (
            container(BACK_OFF, ended(2, "starting\nlaneway-worker: queue is denied\n")),
            Reason.CRASHING,
            "container worker ended with code 2: laneway-worker: queue is denied",
        ),
        (container(BACK_OFF, ended(1)), Reason.CRASHING, "container worker ended with code 1: its log may tell why"),
        (
            container(RUNNING, ended(1, "laneway-worker: bang")),
            Reason.CRASHING,
            "container worker ended with code 1: laneway-worker: bang",
        ),
    ],
)
def test_a_container_that_does_not_run_says_why(body: dict[str, Any], reason: Reason, words: str) -> None:
    assert trouble_of_pod(pod(body)) == (reason, words)


def test_a_worker_that_left_a_broken_engine_says_so() -> None:
    words = "laneway-worker: Ollama has gemma3:4b loaded and can't answer a question of two tokens: HTTP 500"
    left = container(BACK_OFF, ended(ENGINE_BROKEN_EXIT, words))
    assert trouble_of_pod(pod(left)) == (Reason.ENGINE_BROKEN, words)


@pytest.mark.parametrize(
    "body",
    [
        {"metadata": {"name": "p"}},
        {"metadata": {"name": "p"}, "status": {"phase": "Pending"}},
        pod(container({"waiting": {"reason": "ContainerCreating"}})),
        pod(container({"waiting": {"reason": "PodInitializing"}})),
        pod(container(RUNNING)),
        pod(container(RUNNING, ended(1, "an hour ago"), ready=True)),
        pod(container({"terminated": ended(0, reason="Completed")})),
    ],
    ids=["no status", "new", "being made", "its sidecar starts", "starting", "got over a crash", "done"],
)
def test_a_pod_that_needs_only_time_has_no_trouble(body: dict[str, Any]) -> None:
    assert trouble_of_pod(body) is None


def test_a_pod_that_was_lost_with_its_node_tells_nothing_of_those_that_took_its_place() -> None:
    lost = pod(container({"terminated": ended(137, "the node is shutting down")}))
    lost["status"]["phase"] = "Failed"
    assert trouble_of_pod(lost) is None


def test_the_sidecars_trouble_explains_the_workers() -> None:
    sidecar = container(BACK_OFF, ended(137, reason="OOMKilled"), name="ollama")
    found = trouble_of_pod(pod(container(BACK_OFF, ended(1, "Ollama is gone")), sidecar=sidecar))
    assert found == (Reason.OUT_OF_MEMORY, "container ollama was killed for its memory")


NO_KEYS = "laneway-gateway: LANEWAY_GATEWAY_KEYS: /etc/laneway-keys/keys.json can't be read: it is not there"


ENDED = "container gateway ended with code 2"
NO_POOL = "laneway-gateway: LANEWAY_POOL: there is no pool.json"
SILENCE = (Reason.CRASHING, f"{ENDED}: its log may tell why")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (NO_KEYS, (Reason.GATEWAY_KEYS_MISSING, NO_KEYS)),
        (NO_POOL, (Reason.CRASHING, f"{ENDED}: {NO_POOL}")),
        ('{"prompt": "LANEWAY_GATEWAY_KEYS"}', SILENCE),
        (NO_KEYS.replace("gateway:", "worker:", 1), SILENCE),
    ],
)
def test_a_gateways_own_last_words_are_the_cause_and_no_other_words_are_told(
    words: str, found: tuple[Reason, str]
) -> None:
    assert trouble_of_pod(pod(container(BACK_OFF, ended(2, words), name="gateway"))) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("laneway-table: the database refuses the password", "laneway-table: the database refuses the password"),
        ("postgresql://user:password@host/jobs", "its log may tell why"),
        ("laneway-worker: something", "its log may tell why"),
    ],
)
def test_a_projectors_own_last_words_are_the_cause(words: str, found: str) -> None:
    body = pod(container(BACK_OFF, ended(2, words), name="projector"))
    assert trouble_of_pod(body) == (Reason.CRASHING, f"container projector ended with code 2: {found}")


def test_keys_that_a_worker_speaks_of_are_not_a_gateways() -> None:
    found = trouble_of_pod(pod(container(BACK_OFF, ended(2, NO_KEYS.replace("gateway:", "worker:", 1)))))
    assert found is not None
    assert found[0] is Reason.CRASHING


MODELS = "registry.example/models/gemma3:4b"
BACK_OFF_OF_MODELS = f'Back-off pulling image "{MODELS}": ErrImagePull: failed to pull and unpack image "{MODELS}"'


def with_models(sidecar: dict[str, Any], images: tuple[str, ...] = (MODELS,)) -> dict[str, Any]:
    volumes = [{"name": "home", "emptyDir": {}}, *({"name": "models", "image": {"reference": each}} for each in images)]
    body = pod(container({"waiting": {"reason": "PodInitializing"}}), sidecar=sidecar | {"name": "ollama"})
    return body | {"spec": {"volumes": volumes}}


def test_an_image_of_models_that_can_not_be_pulled_is_named_and_not_ollamas_own() -> None:
    found = trouble_of_pod(with_models(waiting("ImagePullBackOff", BACK_OFF_OF_MODELS)))
    assert found == (Reason.IMAGE_PULL_FAILED, f"container ollama: image {MODELS} can't be pulled")
    own = trouble_of_pod(with_models(waiting("ImagePullBackOff", 'Back-off pulling image "worker:1"')))
    assert own == (Reason.IMAGE_PULL_FAILED, "container ollama: image worker:1 can't be pulled")


def test_an_image_that_is_no_model_folder_is_named_with_what_it_should_be() -> None:
    found = trouble_of_pod(with_models(container(BACK_OFF, ended(1))))
    words = f"the image {MODELS} is not a model folder of Ollama's, with blobs and manifests that all may read"
    assert found == (Reason.MODEL_MISSING, f"container ollama ended with code 1, as it does where {words}")


def with_claim(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"spec": {"volumes": [{"name": "models", "persistentVolumeClaim": {"claimName": "models"}}]}}


def test_a_claim_that_is_no_model_folder_is_named_with_what_it_should_be() -> None:
    ended_at_once = container(BACK_OFF, ended(1)) | {"name": "ollama"}
    found = trouble_of_pod(
        with_claim(pod(container({"waiting": {"reason": "PodInitializing"}}), sidecar=ended_at_once))
    )
    words = "the volume claim models is not a model folder of Ollama's, with blobs and manifests that all may read"
    assert found == (Reason.MODEL_MISSING, f"container ollama ended with code 1, as it does where {words}")


CLAIM = 'persistentvolumeclaim "models"'


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (f"{NO_NODE}{CLAIM} not found. not found", Reason.VOLUME_CLAIM_MISSING),
        (f"{NO_NODE}1 Insufficient nvidia.com/gpu, {CLAIM} not found.", Reason.VOLUME_CLAIM_MISSING),
        (f"{NO_NODE}pod has unbound immediate PersistentVolumeClaims.", Reason.VOLUME_CLAIM_UNBOUND),
        (f"{NO_NODE}{CLAIM} is being deleted.", Reason.VOLUME_CLAIM_UNBOUND),
        (f'{NO_NODE}{CLAIM} bound to non-existent persistentvolume "a".', Reason.VOLUME_CLAIM_UNBOUND),
        (f"{NO_NODE}3 node(s) didn't find available persistent volumes to bind.", Reason.VOLUME_CLAIM_UNBOUND),
        (
            f"{NO_NODE}1 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s).",
            Reason.VOLUME_CLAIM_UNBOUND,
        ),
        (f"{NO_NODE}3 Insufficient nvidia.com/gpu.", Reason.NO_GPU_CAPACITY),
        (f"{NO_NODE}3 node(s) had volume node affinity conflict.", Reason.UNSCHEDULABLE),
    ],
)
def test_a_claim_that_keeps_a_pod_from_every_node_is_named(message: str, reason: Reason) -> None:
    assert trouble_of_pod(with_claim(unscheduled(message))) == (reason, message)


def test_of_a_pod_without_a_claim_nothing_is_said_of_claims() -> None:
    message = f"{NO_NODE}{CLAIM} not found."
    assert trouble_of_pod(unscheduled(message)) == (Reason.UNSCHEDULABLE, message)


@pytest.mark.parametrize(("images", "reason"), [((), Reason.CRASHING), ((MODELS,), Reason.IMAGE_VOLUMES_MISSING)])
def test_a_runtime_without_image_volumes_is_named(images: tuple[str, ...], reason: Reason) -> None:
    words = 'failed to apply OCI options: failed to mkdir "": mkdir : no such file or directory'
    found = trouble_of_pod(with_models(waiting("CreateContainerError", words), images))
    more = "; the node's container runtime knows no image volumes" if images else ""
    assert found == (reason, f"container ollama can't be started: {words}{more}")


@pytest.mark.parametrize(("code", "images"), [(1, ()), (2, (MODELS,)), (134, (MODELS,))])
def test_other_ends_of_ollama_are_crashes(code: int, images: tuple[str, ...]) -> None:
    found = trouble_of_pod(with_models(container(BACK_OFF, ended(code)), images))
    assert found == (Reason.CRASHING, f"container ollama ended with code {code}: its log may tell why")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (NO_NODE + "3 Insufficient nvidia.com/gpu. preemption: 0/3 nodes are available", Reason.NO_GPU_CAPACITY),
        (NO_NODE + "1 Insufficient cpu, 2 Insufficient nvidia.com/gpu.", Reason.NO_GPU_CAPACITY),
        (NO_NODE + "3 Insufficient memory. preemption: a/b", Reason.UNSCHEDULABLE),
        (NO_NODE + "3 node(s) had untolerated taint {nvidia.com/gpu: }", Reason.UNSCHEDULABLE),
        ("Insufficient ", Reason.UNSCHEDULABLE),
        ("", Reason.UNSCHEDULABLE),
    ],
)
def test_a_pod_without_a_node_says_whether_it_lacks_a_device(message: str, reason: Reason) -> None:
    assert trouble_of_pod(unscheduled(message)) == (reason, message)


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        ("worker", Reason.UNSCHEDULABLE),
        ("preflight", Reason.AUXILIARY_UNSCHEDULABLE),
        ("dead-letters", Reason.AUXILIARY_UNSCHEDULABLE),
        ("gateway", Reason.AUXILIARY_UNSCHEDULABLE),
        ("projector", Reason.AUXILIARY_UNSCHEDULABLE),
    ],
)
def test_where_a_pod_without_an_engine_may_run_is_not_the_lanes_to_say(component: str, reason: Reason) -> None:
    message = NO_NODE + "3 node(s) had untolerated taint {nvidia.com/gpu: }"
    body = unscheduled(message)
    body["metadata"]["labels"] = {COMPONENT_LABEL: component}
    assert trouble_of_pod(body) == (reason, message)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("model_unusable", Reason.MODEL_UNUSABLE),
        ("model_missing", Reason.MODEL_MISSING),
        ("model_pull_failed", Reason.MODEL_PULL_FAILED),
        ("engine_down", Reason.ENGINE_DOWN),
        ("engine_broken", Reason.ENGINE_BROKEN),
        ("aws_refused", Reason.AWS_REFUSED),
        ("aws_unavailable", Reason.AWS_UNREACHABLE),
    ],
)
def test_a_worker_tells_what_keeps_it_from_serving(code: str, reason: Reason) -> None:
    told = json.dumps({"code": code, "message": "no model x"})
    assert trouble_of_pod(pod(container(RUNNING), told=told)) == (reason, "no model x")


def preflight(last_line: str, name: str = "preflight") -> dict[str, Any]:
    words = f"laneway-worker: this and that\n{last_line}\n"
    return pod(container(BACK_OFF, ended(3, words), name=name))


@pytest.mark.parametrize("code", PreflightCode)
def test_a_preflight_tells_what_it_found(code: PreflightCode) -> None:
    told = json.dumps({"code": code, "message": "what it found"})
    assert trouble_of_pod(preflight(told)) == (PREFLIGHT_CODES[code], "what it found")


@pytest.mark.parametrize(
    "last", ["no JSON", "{}", "[]", '{"code": "other", "message": "a"}', '{"code": "access_denied"}']
)
def test_last_words_that_no_preflight_says_are_a_crash(last: str) -> None:
    found = trouble_of_pod(preflight(last))
    assert found == (Reason.CRASHING, "container preflight ended with code 3: its log may tell why")


def test_only_a_preflight_is_believed() -> None:
    found = trouble_of_pod(preflight('{"code": "access_denied", "message": "a"}', name="ollama"))
    assert found is not None
    assert found[0] is Reason.CRASHING


@pytest.mark.parametrize(
    "told",
    [
        "",
        "not JSON",
        "null",
        "[]",
        '"engine_down"',
        "{}",
        '{"message": "no code"}',
        '{"code": "unknown", "message": "a"}',
        '{"code": ["engine_down"], "message": "a"}',
        '{"code": {}, "message": "a"}',
        '{"code": "engine_down", "message": NaN}',
        "[" * 100_000,
        json.dumps({"code": "engine_down", "message": "a" * 100_000}),
    ],
    ids=lambda text: text[:40],
)
def test_an_annotation_that_no_worker_writes_is_passed_over(told: str) -> None:
    assert trouble_of_pod(pod(container(RUNNING), told=told)) is None


@given(told=st.text())
def test_no_annotation_whatsoever_is_a_defect(told: str) -> None:
    trouble_of_pod(pod(container(RUNNING), told=told))


@given(words=st.text(st.characters(), max_size=2000))
def test_what_is_told_is_one_bounded_line_that_a_server_stores_as_it_is(words: str) -> None:
    found = trouble_of_pod(pod(container(BACK_OFF, ended(1, f"laneway-worker: {words}"))))
    assert found is not None
    assert len(found[1]) <= MAX_WORDS
    assert found[1].isprintable()
    assert found[1].encode().decode() == found[1]


@pytest.mark.parametrize("reason", ["CreateContainerError", "RunContainerError"])
def test_a_container_that_cannot_be_started_says_why(reason: str) -> None:
    found = trouble_of_pod(pod(container({"waiting": {"reason": reason, "message": "no NVIDIA runtime"}})))
    assert found == (Reason.CRASHING, "container worker can't be started: no NVIDIA runtime")
