"""Pools as kubectl takes and prints them, and what a refusal tells a pool's writer."""

from __future__ import annotations

import json

import pytest
import yaml

from laneway.schema.pool.file import Other, PoolFileError, Problem, read_objects, read_pools, read_profiles
from laneway.schema.shared.base import SMALL
from support.inputs.bad_pools import OBJECT
from support.inputs.pools import named, pool_with
from support.inputs.profiles import profile_with

ANNOTATION = "spec.pods.annotations.karpenter.sh/do-not-disrupt"


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        (
            pool_with(pods={"annotations": {"karpenter.sh/do-not-disrupt": True}}),
            f"{ANNOTATION}: should be a text: write it in quotes",
        ),
        (
            pool_with(pods={"labels": {"cost-center": 4711}}),
            "spec.pods.labels.cost-center: should be a text: write it in quotes",
        ),
        (
            pool_with(lane={"drainTimeout": "45m"}),
            "spec.lanes[0].drainTimeout: should be less than or equal to 30m, not '45m'",
        ),
        (pool_with(lane={"parallel": 65}), "spec.lanes[0].parallel: should be less than or equal to 64, not 65"),
        (pool_with(lane={"parallel": True}), "spec.lanes[0].parallel: should be a whole number, not true"),
        (
            pool_with(lane={"parallel": "2"}),
            "spec.lanes[0].parallel: should be a whole number, without quotes, not '2'",
        ),
        (pool_with(suspend="yes"), "spec.suspend: should be true or false, without quotes, not 'yes'"),
        (pool_with(results={}), "spec.results.s3: is missing; add it"),
        (pool_with(results={"s3": {"bucket": None}}), "spec.results.s3.bucket: should be a text; it is empty"),
        (pool_with(model="gemma3:4b"), "spec.model: should be an object with fields, not 'gemma3:4b'"),
        (pool_with(lanes={"fast": {}}), "spec.lanes: should be a list"),
        (pool_with(lanes=[]), "spec.lanes: should have at least 1 item, not 0"),
        (pool_with(lane={"name": "l" * 21}), "spec.lanes[0].name: should have at most 20 characters, not 21"),
        (
            pool_with(serviceAccount={"name": f"a {'b' * 60}"}),
            f"spec.serviceAccount.name: {OBJECT}, not 'a {'b' * 58}'…",
        ),
        (pool_with(lane={"paralel": 2}), "spec.lanes[0].paralel: unknown field; did you mean parallel?"),
        (named(pool_with(), "claims", "NLP"), f"metadata.namespace: should be {SMALL}, such as nlp, not 'NLP'"),
        (pool_with() | {"\ufeffspec": {}}, "the key ?spec begins with a byte order mark: remove it"),
    ],
    ids=[
        *("a yes", "a number", "a duration", "a count", "a yes for a number", "a number in quotes", "a yes in quotes"),
        *("nothing", "an empty field", "a text for fields", "fields for a list", "an empty list", "a long text"),
        *("what is not shown whole", "a slip", "a namespace in capitals", "a mark before a key"),
    ],
)
def test_a_refusal_says_what_to_write(pool: dict[str, object], words: str) -> None:
    with pytest.raises(PoolFileError) as caught:
        read_pools(yaml.safe_dump(pool), "pool.yaml")
    (found,) = caught.value.problems
    assert found.message == words


POOL = yaml.safe_dump(pool_with())
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: nlp}\n"
PRINTED = pool_with() | {
    "metadata": {
        "name": "documents",
        "creationTimestamp": "2026-11-28T10:00:00Z",
        "generation": 2,
        "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {".": {}, 'k:{"name":"default"}': {}}}}],
        "resourceVersion": "4711",
        "uid": "0b5c8f38-0000-0000-0000-000000000000",
    },
    "status": {"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "True"}]},
}


@pytest.mark.parametrize(
    "text",
    [
        f"---\n{POOL}---\n",
        f"# Of Acme\n---\n# Source: claims/templates/pool.yaml\n---\n{POOL}",
        f"\ufeff{POOL}".replace("\n", "\r\n"),
        f"{POOL}...\n",
        yaml.safe_dump(PRINTED),
        yaml.safe_dump({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [PRINTED]}),
        yaml.safe_dump({"apiVersion": "laneway.dev/v1alpha1", "kind": "LLMWorkerPoolList", "items": [PRINTED]}),
        json.dumps(pool_with(), indent="\t"),
        f"{POOL}---\nnull\n",
        f"\ufeff# Of Acme\n---\n\ufeff{POOL}",
    ],
    ids=[
        *("between lines", "under a licence", "from Windows", "with an end", "as kubectl prints it", "in a list"),
        *("in a list of its own", "as JSON with tabs", "before nothing", "put together"),
    ],
)
def test_one_pool_is_found_however_it_stands_in_its_file(text: str) -> None:
    found = read_pools(text, "pool.yaml")
    assert [each.full_name for each in found.pools] == ["default/documents"]
    assert found.others == ()


def test_objects_of_other_kinds_are_named_and_passed_over() -> None:
    odd = "apiVersion: a.example/v1\nkind: Odd\nspec: {cron: !own 1}\n"
    found = read_pools(f"{NAMESPACE}---\n{POOL}---\n{odd}", "pool.yaml")
    assert len(found.pools) == 1
    assert found.others == (Other(1, "Namespace"), Other(5 + POOL.count("\n") + 1, "Odd"))


def test_profiles_stand_beside_pools_and_are_told_by_their_own_lines() -> None:
    good = yaml.safe_dump(profile_with("g5", pricePerHour="1") | {"status": {"poolCount": 1}})
    found = read_objects(f"{POOL}---\n{good}", "pool.yaml")
    assert (len(found.pools), [each.metadata.name for each in found.profiles]) == (1, ["g5"])
    bad = (
        "apiVersion: laneway.dev/v1alpha1\nkind: PlacementProfile\nmetadata: {name: g5}\nspec:\n  pricePerHour: 0.15\n"
    )
    with pytest.raises(PoolFileError) as caught:
        read_objects(f"{POOL}---\n{bad}", "pool.yaml")
    line = POOL.count("\n") + 1 + bad.count("\n")
    assert str(caught.value) == f"pool.yaml:{line}: spec.pricePerHour: should be a text: write it in quotes"


def test_a_file_may_hold_profiles_alone_and_each_once() -> None:
    good = yaml.safe_dump(profile_with("g5"))
    assert read_objects(good, "profiles.yaml").pools == ()
    with pytest.raises(PoolFileError, match=r"^profiles.yaml: the placement profile g5 stands in it twice; keep one$"):
        read_objects(f"{good}---\n{good}", "profiles.yaml")


@pytest.mark.parametrize("kind", ["Placementprofile", "placementprofile", "PlacementProfiles", "PlacementProfle"])
def test_a_profile_with_a_slip_in_its_kind_is_told_as_one(kind: str) -> None:
    text = yaml.safe_dump(profile_with("g5") | {"kind": kind})
    with pytest.raises(PoolFileError, match=rf"^profiles.yaml:2: kind: should be 'PlacementProfile', not '{kind}'$"):
        read_objects(text, "profiles.yaml")


def test_helm_values_are_told_for_what_they_are() -> None:
    with pytest.raises(PoolFileError, match=r"^values.yaml:1: these are Helm values: .* --values values.yaml$"):
        read_profiles("placementProfiles: {g5: {}}\n", "values.yaml")


def test_every_pool_of_a_file_is_read_and_told_by_its_own_lines() -> None:
    other = yaml.safe_dump(named(pool_with(), "claims"))
    found = read_pools(f"{POOL}---\n{other}", "pool.yaml")
    assert [each.full_name for each in found.pools] == ["default/documents", "nlp/claims"]
    bad = yaml.safe_dump(pool_with(suspend="yes"))
    with pytest.raises(PoolFileError) as caught:
        read_pools(f"{bad}---\n{bad}", "pool.yaml")
    first, second = caught.value.problems
    assert (first.message, second.line) == (second.message, first.line + bad.count("\n") + 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", " there is no pool in it: no object of kind LLMWorkerPool"),
        ("---\n# nothing\n---\n", " there is no pool in it: no object of kind LLMWorkerPool"),
        (NAMESPACE, " there is no pool in it: no object of kind LLMWorkerPool, only Namespace"),
        ("kind: List\napiVersion: v1\nitems: []\n", " there is no pool in it: no object of kind LLMWorkerPool"),
        (f"{POOL}---\n{POOL}", " the pool default/documents stands in it twice; keep one"),
        ("\n- 1", "2: should be one object with apiVersion, kind, metadata and spec"),
        (POOL.replace("LLMWorkerPool", "LLMWorkerpool"), "2: kind: should be 'LLMWorkerPool', not 'LLMWorkerpool'"),
    ],
    ids=["nothing", "comments", "another kind", "an empty list", "one twice", "a list", "a slip in its kind"],
)
def test_what_holds_no_pool_or_one_twice_is_told(text: str, words: str) -> None:
    with pytest.raises(PoolFileError) as caught:
        read_pools(text, "pool.yaml")
    assert str(caught.value) == f"pool.yaml:{words}"


def labelled(value: str) -> str:
    return POOL + f"  pods:\n    labels: {{a: b, sha: {value}}}\n"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("72225e2", "7222500"),
        ("0o7", "7"),
        ("08", "8"),
        ("0123", "83"),
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("y", "true"),
        ("no", "false"),
        (".inf", "Infinity"),
        ("4711", None),
        ("true", None),
    ],
)
def test_a_text_that_kubectl_reads_otherwise_is_refused_with_what_it_reads(value: str, read: str | None) -> None:
    with pytest.raises(PoolFileError) as caught:
        read_pools(labelled(value), "pool.yaml")
    words = "spec.pods.labels.sha: should be a text: write it in quotes"
    told = f"; it is read as {read}" if read else ""
    assert caught.value.problems == [Problem(POOL.count("\n") + 2, words + told)]


@pytest.mark.parametrize("value", ["2026-02-30", "a-b", '"72225e2"', "!!str 72225e2", "0o8", "1e999"])
def test_what_kubectl_reads_as_text_is_one(value: str) -> None:
    (pool,) = read_pools(labelled(value), "pool.yaml").pools
    assert pool.spec.pods.labels["sha"] == value.removeprefix("!!str ").strip('"')


def test_a_whole_number_with_a_point_is_one() -> None:
    (pool,) = read_pools(yaml.safe_dump(pool_with(lane={"parallel": 4.0})), "pool.yaml").pools
    assert pool.spec.lanes[0].parallel == 4


OLD = """\
apiVersion: laneway.dev/v1alpha1
kind: LLMWorkerPool
metadata: {name: documents}
spec:
  model: {name: "gemma3:4b"}
  results:
    bucket: acme-llm
  podTemplate: {labels: {team: a}}
  lanes:
  - name: fast
    queue:
      url: https://sqs.eu-west-1.amazonaws.com/111122223333/a
      deadLetterURL: https://sqs.eu-west-1.amazonaws.com/111122223333/a-dead
"""


def test_a_file_of_before_is_told_field_by_field_what_to_write() -> None:
    with pytest.raises(PoolFileError) as caught:
        read_pools(OLD, "pool.yaml")
    assert str(caught.value).splitlines() == [
        "pool.yaml:6: spec.results.s3: is missing; add it",
        "pool.yaml:7: spec.results.bucket: unknown field; it belongs in spec.results.s3",
        "pool.yaml:8: spec.podTemplate: unknown field; write it as spec.pods",
        "pool.yaml:12: spec.lanes[0].queue.url: unknown field; it belongs in spec.lanes[0].queue.external",
        "pool.yaml:13: spec.lanes[0].queue.deadLetterURL: unknown field; it belongs in spec.lanes[0].queue.external",
    ]


MERGED = """\
apiVersion: laneway.dev/v1alpha1
kind: LLMWorkerPool
metadata: {name: documents}
spec:
  model: &small {name: "gemma3:4b", contextLength: 4096}
  results: {s3: {bucket: acme-llm}}
  lanes:
  - &first {name: fast, parallel: 2, model: {name: "gemma3:12b", <<: *small}}
  - {<<: *first, name: slow, model: {<<: *small, name: "gemma3:12b"}}
"""


def test_merged_keys_win_over_what_stands_before_them() -> None:
    (pool,) = read_pools(MERGED, "pool.yaml").pools
    fast, slow = pool.spec.lanes
    assert fast.model is not None
    assert slow.model is not None
    assert (fast.model.name, fast.model.context_length) == ("gemma3:4b", 4096)
    assert (slow.parallel, slow.model.name, slow.model.context_length) == (2, "gemma3:12b", 4096)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (labelled("x").replace("sha", "a"), "the key a stands twice; keep one"),
        (labelled("x").replace("sha", "on"), "the key on is read as true: write it in quotes"),
        (labelled("x").replace("sha", "null"), "the key null is read as null: write it in quotes"),
        (labelled("x").replace("sha", "0123"), "the key 0123 is read as 83: write it in quotes"),
    ],
    ids=["one twice", "on", "null", "an octal"],
)
def test_keys_are_told_that_are_not_what_they_look_like(text: str, words: str) -> None:
    with pytest.raises(PoolFileError) as caught:
        read_pools(text, "pool.yaml")
    assert [each.message for each in caught.value.problems] == [words]


def test_a_number_may_be_a_key_that_reads_as_it_is_written() -> None:
    (pool,) = read_pools(labelled("x").replace("sha", "2026"), "pool.yaml").pools
    assert pool.spec.pods.labels["2026"] == "x"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: \a", "pool.yaml: not YAML: unacceptable character #x0007: special characters are not allowed"),
        (
            "\n---\na: 'it",
            "pool.yaml:3: not YAML: while scanning a quoted scalar: found unexpected end of stream; close",
        ),
    ],
)
def test_what_is_no_yaml_is_told_in_one_line(text: str, words: str) -> None:
    with pytest.raises(PoolFileError) as caught:
        read_pools(text, "pool.yaml")
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)
