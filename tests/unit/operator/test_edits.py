"""What an edit of each field does, as the reference page says it, against what is rendered before and after."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from edits_page import edits_page

from laneway.schema.pool.pool import LLMWorkerPool, Spec
from laneway.schema.pool.profile import ProfileSpec
from laneway.schema.shared.names import COMPONENT_LABEL
from laneway_operator.crd.edits import EDITS, PROFILE_EDITS, Does, leaves
from laneway_operator.render import render
from laneway_operator.render.pods import CONFIG_VOLUME, LIVE_VOLUME
from support.inputs.pools import TOPIC, named, pool_with
from support.inputs.profiles import profile_specs
from support.operator.in_memory import GATED, PROFILES, TABLED, pool_view

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest, PoolView

Document = dict[str, Any]
DIGEST, OTHER_DIGEST = (f"sha256:{each * 64}" for each in "ab")
ACCOUNT = "https://sqs.eu-west-1.amazonaws.com/123456789012"
NIGHT = {"name": "night", "timezone": "Europe/Paris", "start": "0 1 * * *", "end": "0 5 * * *", "suspend": True}
OFFICE = {"name": "office", "timezone": "UTC", "start": "0 8 * * *", "end": "0 19 * * *", "minReplicas": 1}
LEGAL = {"bucket": "acme-legal", "prefix": "llm/"}
ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/documents"}
OTHER_ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/other"}


def lane(**fields: Any) -> Document:
    """A pool of two lanes, of which `fast` has the fields."""
    return spec(lanes=[{"name": "fast", "scaling": {"maxReplicas": 4}} | fields, {"name": "slow"}])


def spec(**fields: Any) -> Document:
    lanes = [{"name": "fast", "scaling": {"maxReplicas": 4}}, {"name": "slow"}]
    return named(pool_with(**{"lanes": lanes} | fields))


def annotated(**annotations: str) -> Document:
    document = spec()
    own = {f"laneway.dev/{name.replace('_', '-')}": value for name, value in annotations.items()}
    return document | {"metadata": document["metadata"] | {"annotations": own}}


def model(**fields: Any) -> Document:
    return {"name": "gemma3:4b", "digest": DIGEST} | fields


def image(**fields: Any) -> Document:
    return spec(modelStore={"image": {"reference": "models:1"} | fields})


def destination(name: str = "legal", **fields: Any) -> Document:
    return spec(destinations=[{"name": name, "s3": LEGAL | fields}])


def account(**fields: Any) -> Document:
    return spec(serviceAccount={"annotations": ROLE, "preflightAnnotations": ROLE} | fields)


def queue(**fields: Any) -> Document:
    return lane(queue={"external": {"url": f"{ACCOUNT}/a", "deadLetterURL": f"{ACCOUNT}/a-dead"} | fields})


def limits(**fields: Any) -> Document:
    return lane(limits=fields)


def scaling(**fields: Any) -> Document:
    return lane(scaling={"maxReplicas": 4} | fields)


def night(**fields: Any) -> Document:
    return lane(schedules=[NIGHT | fields])


def pods(**fields: Any) -> Document:
    return spec(pods=fields)


def lane_pods(**fields: Any) -> Document:
    return lane(pods=fields)


def variable(name: str = "OLLAMA_FLASH_ATTENTION", value: str = "1") -> Document:
    return pods(env=[{"name": name, "value": value}])


def lane_variable(name: str = "OLLAMA_FLASH_ATTENTION", value: str = "1") -> Document:
    return lane_pods(env=[{"name": name, "value": value}])


def gateway(**fields: Any) -> Document:
    return spec(gateway={"keys": {"secretName": "keys"}} | fields)


def resources(**fields: Any) -> Document:
    return gateway(resources=fields)


def table(**fields: Any) -> Document:
    return spec(table={"postgres": {"secretName": "db"}} | fields)


def postgres(**fields: Any) -> Document:
    return table(postgres={"secretName": "db"} | fields)


def rds(**fields: Any) -> Document:
    iam = {"host": "db.example", "database": "jobs", "user": "writer"}
    port = {"port": fields.pop("port")} if "port" in fields else {}
    return table(postgres={"iam": iam | fields} | port)


def bundle(**fields: Any) -> Document:
    return postgres(caBundle={"configMapName": "rds"} | fields)


EXAMPLES: dict[str, tuple[Document, Document]] = {
    "metadata.annotations.laneway.dev/paused": (spec(), annotated(paused="true")),
    "metadata.annotations.laneway.dev/paused-lanes": (spec(), annotated(paused_lanes="fast")),
    "spec.model.name": (spec(), spec(model={"name": "gemma3:1b"})),
    "spec.model.digest": (spec(model=model()), spec(model=model(digest=OTHER_DIGEST))),
    "spec.model.contextLength": (spec(model=model()), spec(model=model(contextLength=16_384))),
    "spec.modelStore.pull": (image(), spec(modelStore={"pull": {}})),
    "spec.modelStore.image.reference": (image(), image(reference="models:2")),
    "spec.modelStore.image.pullPolicy": (image(), image(pullPolicy="Always")),
    "spec.modelStore.volumeClaim.name": (image(), spec(modelStore={"volumeClaim": {"name": "models"}})),
    "spec.engine": (spec(), spec(engine="ollama-0-32")),
    "spec.destinations[].name": (destination(), destination(name="archive")),
    "spec.destinations[].s3.bucket": (destination(), destination(bucket="acme-archive")),
    "spec.destinations[].s3.prefix": (destination(), destination(prefix="out/")),
    "spec.notifications.sns.topicARN": (spec(), spec(notifications={"sns": {"topicARN": TOPIC}})),
    "spec.aws.region": (spec(), spec(aws={"region": "us-east-2"})),
    "spec.serviceAccount.annotations": (account(), account(annotations=OTHER_ROLE)),
    "spec.serviceAccount.preflightAnnotations": (account(), account(preflightAnnotations=OTHER_ROLE)),
    "spec.serviceAccount.name": (spec(), spec(serviceAccount={"name": "claims"})),
    "spec.lanes[].name": (spec(), spec(lanes=[{"name": "quick", "scaling": {"maxReplicas": 4}}, {"name": "slow"}])),
    "spec.lanes[].queue.managed.deletionPolicy": (spec(), lane(queue={"managed": {"deletionPolicy": "Delete"}})),
    "spec.lanes[].queue.external.url": (queue(), queue(url=f"{ACCOUNT}/b")),
    "spec.lanes[].queue.external.deadLetterURL": (queue(), queue(deadLetterURL=f"{ACCOUNT}/b-dead")),
    "spec.lanes[].model.name": (lane(model=model()), lane(model=model(name="gemma3:1b"))),
    "spec.lanes[].model.digest": (lane(model=model()), lane(model=model(digest=OTHER_DIGEST))),
    "spec.lanes[].model.contextLength": (lane(model=model()), lane(model=model(contextLength=16_384))),
    "spec.lanes[].parallel": (spec(), lane(parallel=2)),
    "spec.lanes[].limits.timeout": (limits(), limits(timeout="4m")),
    "spec.lanes[].limits.expiresAfter": (limits(), limits(expiresAfter="12h")),
    "spec.lanes[].limits.maxAttempts": (limits(), limits(maxAttempts=5)),
    "spec.lanes[].limits.maxTokens": (limits(), limits(maxTokens=100)),
    "spec.lanes[].scaling.minReplicas": (scaling(), scaling(minReplicas=1)),
    "spec.lanes[].scaling.maxReplicas": (scaling(), scaling(maxReplicas=9)),
    "spec.lanes[].scaling.jobsPerReplica": (scaling(), scaling(jobsPerReplica=9)),
    "spec.lanes[].scaling.pollingInterval": (scaling(), scaling(pollingInterval="30s")),
    "spec.lanes[].scaling.cooldown": (scaling(), scaling(cooldown="9m")),
    "spec.lanes[].scaling.scaleIn.percent": (scaling(), scaling(scaleIn={"percent": 50})),
    "spec.lanes[].scaling.scaleIn.period": (scaling(), scaling(scaleIn={"period": "2m"})),
    "spec.lanes[].schedules[].name": (night(), night(name="dark")),
    "spec.lanes[].schedules[].timezone": (night(), night(timezone="UTC")),
    "spec.lanes[].schedules[].start": (night(), night(start="30 1 * * *")),
    "spec.lanes[].schedules[].end": (night(), night(end="30 5 * * *")),
    "spec.lanes[].schedules[].minReplicas": (lane(schedules=[OFFICE]), lane(schedules=[OFFICE | {"minReplicas": 2}])),
    "spec.lanes[].schedules[].suspend": (night(), night(suspend=False, minReplicas=1)),
    "spec.lanes[].placement.profiles": (spec(), lane(placement={"profiles": ["gpu"]})),
    "spec.lanes[].drainTimeout": (spec(), lane(drainTimeout="10m")),
    "spec.lanes[].resources.requests": (spec(), lane(resources={"requests": {"cpu": 2}})),
    "spec.lanes[].resources.limits": (spec(), lane(resources={"limits": {"memory": "20Gi"}})),
    "spec.lanes[].pods.labels": (spec(), lane_pods(labels={"team": "a"})),
    "spec.lanes[].pods.annotations": (spec(), lane_pods(annotations={"note": "a"})),
    "spec.lanes[].pods.priorityClassName": (spec(), lane_pods(priorityClassName="high")),
    "spec.lanes[].pods.runtimeClassName": (spec(), lane_pods(runtimeClassName="nvidia")),
    "spec.lanes[].pods.env[].name": (lane_variable(), lane_variable(name="OLLAMA_SCHED_SPREAD")),
    "spec.lanes[].pods.env[].value": (lane_variable(), lane_variable(value="0")),
    "spec.lanes[].suspend": (spec(), lane(suspend=True)),
    "spec.pods.labels": (spec(), pods(labels={"team": "a"})),
    "spec.pods.annotations": (spec(), pods(annotations={"note": "a"})),
    "spec.pods.imagePullSecrets": (spec(), pods(imagePullSecrets=["mirror"])),
    "spec.pods.priorityClassName": (spec(), pods(priorityClassName="high")),
    "spec.pods.runtimeClassName": (spec(), pods(runtimeClassName="nvidia")),
    "spec.pods.env[].name": (variable(), variable(name="OLLAMA_SCHED_SPREAD")),
    "spec.pods.env[].value": (variable(), variable(value="0")),
    "spec.gateway.replicas": (gateway(), gateway(replicas=3)),
    "spec.gateway.keys.secretName": (gateway(), gateway(keys={"secretName": "other"})),
    "spec.gateway.keys.key": (gateway(), gateway(keys={"secretName": "keys", "key": "teams.json"})),
    "spec.gateway.edgeIdleTimeout": (gateway(), gateway(edgeIdleTimeout="1h")),
    "spec.gateway.maxWait": (gateway(), gateway(maxWait="10m")),
    "spec.gateway.lanes.flex": (gateway(), gateway(lanes={"flex": "fast"})),
    "spec.gateway.lanes.priority": (gateway(), gateway(lanes={"priority": "fast"})),
    "spec.gateway.lanes.tasks": (gateway(), gateway(lanes={"tasks": "fast"})),
    "spec.gateway.anonymousCatalogue": (gateway(), gateway(anonymousCatalogue=True)),
    "spec.gateway.resources.requests": (gateway(), resources(requests={"cpu": 1})),
    "spec.gateway.resources.limits": (gateway(), resources(limits={"cpu": 1})),
    "spec.gateway.service.annotations": (gateway(), gateway(service={"annotations": {"a": "b"}})),
    "spec.gateway.serviceAccount.annotations": (gateway(), gateway(serviceAccount={"annotations": ROLE})),
    "spec.table.postgres.secretName": (table(), postgres(secretName="other")),
    "spec.table.postgres.key": (table(), postgres(key="dsn")),
    "spec.table.postgres.iam.host": (rds(), rds(host="other.example")),
    "spec.table.postgres.iam.database": (rds(), rds(database="other")),
    "spec.table.postgres.iam.user": (rds(), rds(user="other")),
    "spec.table.postgres.port": (rds(), rds(port=6432)),
    "spec.table.postgres.caBundle.configMapName": (bundle(), bundle(configMapName="other")),
    "spec.table.postgres.caBundle.key": (bundle(), bundle(key="other.pem")),
    "spec.table.dynamodb.tableName": (
        spec(table={"dynamodb": {"tableName": "jobs"}}),
        spec(table={"dynamodb": {"tableName": "other"}}),
    ),
    "spec.table.output": (table(), table(output=True)),
    "spec.table.retention": (table(), table(retention="30d")),
    "spec.table.serviceAccount.annotations": (table(), table(serviceAccount={"annotations": ROLE})),
    "spec.suspend": (spec(), spec(suspend=True)),
}
"""Field → the pool before its edit, and after."""

GPU: Document = {
    "nodeSelector": {"kind": "a"},
    "tolerations": [{"key": "a", "operator": "Equal", "value": "x", "effect": "NoExecute", "tolerationSeconds": 5}],
    "accelerator": {"extendedResource": {"name": "nvidia.com/gpu", "count": 1, "memory": "22888Mi"}},
    "pricePerHour": "1.0",
}


def gpu(**fields: Any) -> Document:
    return GPU | fields


def toleration(**fields: Any) -> Document:
    return gpu(tolerations=[GPU["tolerations"][0] | fields])


def device(**fields: Any) -> Document:
    return gpu(accelerator={"extendedResource": GPU["accelerator"]["extendedResource"] | fields})


PROFILE_EXAMPLES: dict[str, Document] = {
    "nodeSelector": gpu(nodeSelector={"kind": "b"}),
    "tolerations[].key": toleration(key="b"),
    "tolerations[].operator": gpu(
        tolerations=[{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}]
    ),
    "tolerations[].value": toleration(value="y"),
    "tolerations[].effect": gpu(tolerations=[{"key": "a", "operator": "Equal", "value": "x", "effect": "NoSchedule"}]),
    "tolerations[].tolerationSeconds": toleration(tolerationSeconds=6),
    "accelerator.extendedResource.name": device(name="amd.com/gpu"),
    "accelerator.extendedResource.count": device(count=2),
    "accelerator.extendedResource.memory": device(memory="40Gi"),
    "interruption": gpu(interruption="spot"),
    "pricePerHour": gpu(pricePerHour="2.0"),
}
"""Field of a profile → the profile after its edit."""


def view(document: Document, profile: Document | None = None) -> PoolView:
    profiles = profile_specs({"gpu": profile}) if profile else PROFILES
    return pool_view(document, replace(GATED, tables=TABLED.tables), profiles=profiles)


def parts(pool: PoolView) -> dict[Does, dict[str, Any]]:
    """What each kind of edit changes, by lane; the parts themselves, not what names them."""
    mine = [each for each in render(pool) if "laneway.dev/lane" in each["metadata"]["labels"]]
    found: dict[Does, dict[str, Any]] = {Does.ROLLS: {}, Does.REREAD: {}, Does.SCALES: {}, **gateways(pool)}
    for each in mine:
        name = each["metadata"]["labels"]["laneway.dev/lane"]
        if each["kind"] == "Deployment":
            found[Does.ROLLS][name] = each["spec"]["template"]
        elif each["kind"] == "ScaledObject":
            found[Does.SCALES][name] = (each["metadata"].get("annotations"), each["spec"])
        elif "live.json" in each["data"]:
            found[Does.REREAD][name] = (each["metadata"]["name"], each["data"])
    return found


def gateways(pool: PoolView) -> dict[Does, dict[str, Any]]:
    """The same of the gateways and the projector, which have one Deployment each."""
    deployments = [each for each in render(pool) if each["kind"] == "Deployment"]
    made = [each for each in deployments if each["metadata"]["labels"][COMPONENT_LABEL] == "gateway"]
    return {
        Does.GATEWAYS: {each["metadata"]["name"]: each["spec"] for each in made},
        Does.COUNTS: {each["metadata"]["name"]: each["metadata"]["annotations"] for each in made},
        Does.PROJECTOR: {each["metadata"]["name"]: each["spec"] for each in deployments if _of_rows(each)},
    }


def _of_rows(each: Manifest) -> bool:
    return bool(each["metadata"]["labels"][COMPONENT_LABEL] == "projector")


def seen(before: PoolView, after: PoolView) -> set[Does]:
    """What an edit does to the lanes that were there, and stay."""
    old, new = parts(before), parts(after)
    if set(old[Does.ROLLS]) != set(new[Does.ROLLS]):
        return {Does.ANOTHER}
    return {does for does in old if old[does] != new[does]} or {Does.NOTHING}


def test_every_field_of_a_pool_and_of_a_profile_is_told_and_tried() -> None:
    fields = set(leaves(LLMWorkerPool))
    assert fields == set(EDITS), "say in laneway_operator/crd/edits.py what an edit of a new field does"
    refused = {field for field, edit in EDITS.items() if edit.does == {Does.REFUSED}}
    assert fields - refused == set(EXAMPLES), "add an edit of the new field here"
    assert set(leaves(ProfileSpec)) == set(PROFILE_EDITS) == set(PROFILE_EXAMPLES)


@pytest.mark.parametrize("field", EXAMPLES)
def test_an_edit_of_a_pool_does_what_the_page_says(field: str) -> None:
    before, after = EXAMPLES[field]
    assert seen(view(before), view(after)) == EDITS[field].does


@pytest.mark.parametrize("field", PROFILE_EXAMPLES)
def test_an_edit_of_a_profile_does_what_the_page_says(field: str) -> None:
    document = lane(placement={"profiles": ["gpu"]})
    assert seen(view(document, GPU), view(document, PROFILE_EXAMPLES[field])) == PROFILE_EDITS[field].does


def test_what_is_refused_is_refused_by_the_api_server() -> None:
    rules = [each["rule"] for each in Spec.model_json_schema()["x-kubernetes-validations"]]
    assert any(each.endswith("self.results == oldSelf.results") for each in rules)
    refused = {field for field, edit in EDITS.items() if Does.REFUSED in edit.does}
    assert {field for field in refused if not field.startswith("metadata.")} == {
        "spec.results.s3.bucket",
        "spec.results.s3.prefix",
    }


@pytest.mark.parametrize(
    ("before", "after", "does"),
    [
        (lane(drainTimeout="1m"), lane(drainTimeout="1m", limits={"timeout": "4m"}), {Does.REREAD}),
        (limits(timeout="1h"), limits(timeout="2h"), {Does.REREAD}),
        (limits(timeout="5m"), limits(timeout="1h"), {Does.ROLLS, Does.REREAD}),
        (spec(), lane(schedules=[OFFICE]), {Does.SCALES}),
        (spec(), lane(schedules=[NIGHT]), {Does.REREAD, Does.SCALES}),
        (spec(suspend=True), lane(suspend=True), {Does.REREAD, Does.SCALES}),
        (spec(), spec(modelStore={"pull": {}}), {Does.NOTHING}),
        (limits(), limits(maxTokens=2048), {Does.NOTHING}),  # what it was by default
        (gateway(), resources(limits={"memory": "512Mi"}), {Does.NOTHING}),
        (gateway(), gateway() | pods(labels={"team": "a"}), {Does.ROLLS, Does.GATEWAYS, Does.COUNTS}),
        (table(), postgres(port=6432), {Does.NOTHING}),  # of the URL in a Secret it is the NetworkPolicy's alone
        (spec(), table(), {Does.REREAD, Does.PROJECTOR}),
        (table(output=True), spec(), {Does.REREAD, Does.PROJECTOR}),
    ],
)
def test_a_field_that_does_several_things_does_them_as_the_page_says(
    before: Document, after: Document, does: set[Does]
) -> None:
    assert seen(view(before), view(after)) == does


def test_what_is_reread_is_in_a_folder_of_its_own_and_in_no_template() -> None:
    """The kubelet brings no change to what is mounted by `subPath`, nor to a file that lies among others' mounts."""
    pool = view(lane(schedules=[NIGHT], limits={"maxTokens": 77}))
    mine = {(each["kind"], each["metadata"]["name"]): each for each in render(pool)}
    deployment = mine["Deployment", "documents-fast"]
    pod: Manifest = deployment["spec"]["template"]["spec"]
    volumes = {each["name"]: each.get("configMap", {}).get("name") for each in pod["volumes"]}
    assert volumes[LIVE_VOLUME] == "documents-fast-live"
    assert volumes[CONFIG_VOLUME] != volumes[LIVE_VOLUME]
    mounts = {each["name"]: each for each in pod["containers"][0]["volumeMounts"]}
    assert "subPath" not in mounts[LIVE_VOLUME]
    assert not mounts[LIVE_VOLUME]["mountPath"].startswith(f"{mounts[CONFIG_VOLUME]['mountPath']}/")
    assert not any(text in json.dumps(deployment) for text in (":77", "Europe/Paris"))


def test_the_page_has_every_field_with_its_words() -> None:
    page = edits_page()
    for field, edit in (EDITS | PROFILE_EDITS).items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{field}` |")]
        assert all(does.value in row for does in edit.does)
        assert edit.why in row
