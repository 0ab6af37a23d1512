"""What `laneway up` makes in an account that others use too; and where."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from laneway.local.aws.account import Account
from laneway.local.aws.provision import Provisioner
from laneway.local.aws.region import DEFAULT, region_of
from laneway.local.errors import BadInputError, LocalError
from laneway.schema.pool.documents.lane_config import LaneSettings
from laneway.schema.pool.documents.lane_documents import lane_documents
from laneway.schema.pool.documents.pool_document import pool_document
from laneway.schema.pool.pool import LLMWorkerPool, parse_pool
from laneway.schema.shared.names import OWNER_TAG
from laneway.schema.shared.regions import Said
from support.aws.moto import moto_server
from support.inputs.pools import named, pool_with

if TYPE_CHECKING:
    from collections.abc import Iterator

ANNA, BEN = "anna@laptop-3f9ca2b1", "ben@laptop-00c0ffee"
REGION = "eu-west-1"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with moto_server(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture
def account(endpoint: str) -> Account:
    return Account(REGION, endpoint, "key", "secret")


@pytest.fixture
def bucket(request: pytest.FixtureRequest) -> str:
    """Named after its test."""
    name: str = request.node.name
    return name.partition("[")[0].replace("_", "-")[-60:].strip("-")


def pool_named(name: str, bucket: str, *lanes: str, **spec: Any) -> LLMWorkerPool:
    lanes = lanes or ("default",)
    spec = {"results": {"s3": {"bucket": bucket}}, "lanes": [{"name": each} for each in lanes]} | spec
    return parse_pool(named(pool_with(**spec), name, "default"))


def provision(account: Account, owner: str, pool: LLMWorkerPool) -> list[str]:
    """All of a pool, in the order of `laneway up`; the URLs of its queues."""
    made = Provisioner(account, owner)
    made.bucket(pool.results.bucket)
    made.claim(pool)
    made.topic(pool)
    queues = [made.queues(pool, lane) for lane in pool.spec.lanes]
    settings = [LaneSettings(queue=each, region=account.region) for each in queues]
    lanes = [lane_documents(pool, lane, each) for lane, each in zip(pool.spec.lanes, settings, strict=True)]
    made.publish(pool, pool_document(lanes))
    return [url for each in queues for url in (each.url, each.dead_letter_url)]


def test_a_second_run_finds_what_the_first_has_made(account: Account, bucket: str) -> None:
    pool = pool_named("hello", bucket)
    assert provision(account, ANNA, pool) == provision(account, ANNA, pool)


def test_a_pool_has_one_queue_of_events_that_no_lane_has(account: Account, bucket: str) -> None:
    pool = pool_named("rows", bucket, "default", "events")
    lanes = provision(account, ANNA, pool)
    events = Provisioner(account, ANNA).events(pool)
    assert events == Provisioner(account, ANNA).events(pool)
    assert events not in lanes
    assert Provisioner(account, "somebody").events(pool) != events
    asked = account.client("sqs").get_queue_attributes(QueueUrl=events, AttributeNames=["All"])["Attributes"]
    assert asked["MessageRetentionPeriod"] == str(14 * 86_400)
    assert "-events-dead" in asked["RedrivePolicy"]


def test_names_that_join_to_one_are_queues_of_two(account: Account, bucket: str) -> None:
    one = provision(account, ANNA, pool_named("claims", f"{bucket}-a", "fast-eu"))
    other = provision(account, ANNA, pool_named("claims-fast", f"{bucket}-b", "eu"))
    assert not set(one) & set(other)


def test_a_lane_that_is_called_for_anothers_dead_letters_has_queues_of_its_own(account: Account, bucket: str) -> None:
    urls = provision(account, ANNA, pool_named("hello", bucket, "slow", "slow-dead"))
    assert len(set(urls)) == len(urls)


def test_two_people_with_one_pool_file_and_buckets_of_their_own_share_nothing(account: Account, bucket: str) -> None:
    one = provision(account, ANNA, pool_named("hello", f"{bucket}-a"))
    other = provision(account, BEN, pool_named("hello", f"{bucket}-b"))
    assert not set(one) & set(other)
    topics = [Provisioner(account, each).topic(pool_named("hello", bucket)) for each in (ANNA, BEN)]
    assert len(set(topics)) == 2


@pytest.mark.parametrize(("owner", "name"), [(BEN, "hello"), (ANNA, "other")], ids=["another person", "another pool"])
def test_a_place_that_somebody_elses_pool_has_is_refused(account: Account, bucket: str, owner: str, name: str) -> None:
    place = {"s3": {"bucket": f"{bucket}-{name}", "prefix": "llm/"}}
    provision(account, ANNA, pool_named("hello", "", results=place))
    before = account.client("sqs").list_queues().get("QueueUrls")
    with pytest.raises(LocalError) as caught:
        provision(account, owner, pool_named(name, "", results=place))
    assert f"llm/pool.json belongs to {ANNA}/default/hello, and this pool is {owner}/default/{name}" in str(
        caught.value
    )
    assert "--state" in str(caught.value)
    assert account.client("sqs").list_queues().get("QueueUrls") == before


@pytest.mark.parametrize("prefix", ["llm/inner/", "llm/results/a/b/"])
def test_a_place_within_another_pools_is_refused(account: Account, bucket: str, prefix: str) -> None:
    def place(prefix: str) -> dict[str, Any]:
        return {"s3": {"bucket": bucket, "prefix": prefix}}

    provision(account, ANNA, pool_named("hello", "", results=place("llm/")))
    with pytest.raises(LocalError, match=f"{prefix} would lie within those of the pool default/hello"):
        provision(account, ANNA, pool_named("other", "", results=place(prefix)))
    assert provision(account, ANNA, pool_named("hello", "", results=place(prefix))), "its own place of before"
    assert provision(account, ANNA, pool_named("other", "", results=place("llm-2/")))


@pytest.mark.parametrize("body", ['{"pool": "nlp/hello"}', "no JSON", "[]"])
def test_a_document_that_a_cluster_or_nobody_wrote_is_not_written_over(
    account: Account, bucket: str, body: str
) -> None:
    Provisioner(account, ANNA).bucket(bucket)
    key = "hello/pool.json"
    account.client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())
    with pytest.raises(LocalError, match=f"s3://{bucket}/{key} "):
        provision(account, ANNA, pool_named("hello", bucket))
    assert account.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == body.encode()


def test_a_document_of_an_emulator_from_before_is_the_pools_own(account: Account, bucket: str) -> None:
    Provisioner(account, ANNA).bucket(bucket)
    body = json.dumps({"pool": "default/hello"}).encode()
    account.client("s3").put_object(Bucket=bucket, Key="hello/pool.json", Body=body)
    assert provision(account, ANNA, pool_named("hello", bucket))


@pytest.mark.parametrize("tags", [{}, {OWNER_TAG: f"{BEN}/default/hello/default"}], ids=["untagged", "another's"])
def test_a_queue_that_is_not_tagged_as_ours_is_left_alone(account: Account, bucket: str, tags: dict[str, str]) -> None:
    account = replace(account, region="eu-north-1" if tags else "eu-south-1")
    sqs, pool = account.client("sqs"), pool_named("hello", bucket)
    url, _ = provision(account, ANNA, pool)
    sqs.untag_queue(QueueUrl=url, TagKeys=[OWNER_TAG])
    sqs.tag_queue(QueueUrl=url, Tags=tags or {"other": "tag"})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})
    with pytest.raises(LocalError) as caught:
        provision(account, ANNA, pool)
    assert url in str(caught.value)
    assert (
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["MessageRetentionPeriod"] == "60"
    )


def test_a_topic_that_is_tagged_as_anothers_is_refused(account: Account, bucket: str) -> None:
    pool, made = pool_named("told", bucket), Provisioner(account, ANNA)
    arn = made.topic(pool)
    assert made.topic(pool) == arn
    account.client("sns").tag_resource(ResourceArn=arn, Tags=[{"Key": OWNER_TAG, "Value": f"{BEN}/default/told"}])
    with pytest.raises(LocalError, match=BEN):
        made.topic(pool)


def own(url: str) -> LLMWorkerPool:
    queue = {"external": {"url": url, "deadLetterURL": f"{url}-dead"}}
    return parse_pool(pool_with(lane={"queue": queue}))


@pytest.mark.parametrize(
    "host", ["sqs.eu-west-1.localhost.localstack.cloud:4566", "LOCALHOST:{port}", "localstack:4566"]
)
def test_a_queue_of_an_emulator_is_its_own_whatever_its_url_says(account: Account, host: str) -> None:
    sqs = account.client("sqs")
    for name in ("mine", "mine-dead"):
        sqs.create_queue(QueueName=name)
    port = str(account.endpoint).rpartition(":")[2]
    pool = own(f"http://{host.format(port=port)}/123456789012/mine")
    assert Provisioner(account, ANNA).queues(pool, pool.spec.lanes[0]) == pool.spec.lanes[0].queue.own


@pytest.mark.parametrize("url", ["https://sqs.eu-west-1.amazonaws.com/123456789012/mine", "{endpoint}/123456789012/no"])
def test_a_queue_that_the_emulator_has_not_is_refused(account: Account, url: str) -> None:
    account.client("sqs").create_queue(QueueName="mine")
    pool = own(url.format(endpoint=account.endpoint))
    with pytest.raises(LocalError, match="which http://127"):
        Provisioner(account, ANNA).queues(pool, pool.spec.lanes[0])


def test_a_bucket_that_is_there_tells_the_region(account: Account, bucket: str) -> None:
    pool, elsewhere = pool_named("hello", bucket), replace(account, region="eu-central-1")
    nowhere = region_of(pool, None, account, ())
    assert nowhere.said == DEFAULT
    Provisioner(elsewhere, ANNA).bucket(bucket)
    assert region_of(pool, None, account, ()).said == Said(f"the bucket {bucket}", "eu-central-1")


def test_a_region_that_nobody_meant_for_the_pool_does_not_stand_against_its_buckets(
    account: Account, bucket: str
) -> None:
    pool = pool_named("hello", bucket)
    Provisioner(account, ANNA).bucket(bucket)
    around = (Said("AWS_DEFAULT_REGION", "us-east-1"),)
    with pytest.raises(
        BadInputError, match=f"AWS_DEFAULT_REGION says us-east-1, and the bucket {bucket} says {REGION}"
    ):
        region_of(pool, None, account, around)
    choice = region_of(pool, "us-east-1", account, around)
    assert (choice.said.place, choice.passed_over) == ("--region", (Said(f"the bucket {bucket}", REGION),))


def test_the_pool_and_the_option_agree_or_nothing_is_made(account: Account, bucket: str) -> None:
    pool = pool_named("hello", bucket, aws={"region": REGION})
    assert region_of(pool, REGION, account, (Said("AWS_REGION", "us-east-1"),)).said == Said("spec.aws.region", REGION)
    with pytest.raises(BadInputError, match=r"spec\.aws\.region says eu-west-1, and --region says us-east-1"):
        region_of(pool, "us-east-1", account, ())


def test_a_region_that_is_none_is_named_with_its_place(account: Account, bucket: str) -> None:
    with pytest.raises(LocalError, match="AWS_REGION says 'Frankfurt'; a region is such as eu-west-1"):
        region_of(pool_named("hello", bucket), None, account, (Said("AWS_REGION", "Frankfurt"),))
