from __future__ import annotations

import pytest

from laneway.schema.shared.regions import Choice, Contradiction, Said, choose, is_of_aws, region_of_queue

POOL, OPTION = Said("spec.aws.region", "eu-west-1"), Said("--region", "us-east-1")
PROFILE = Said("the profile claims", "us-east-1")

QUEUES = {
    "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs": "eu-west-1",
    "https://SQS.EU-West-1.amazonaws.com/111122223333/jobs": "eu-west-1",
    "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/jobs": "cn-north-1",
    "https://sqs-fips.us-gov-west-1.amazonaws.com/111122223333/jobs": "us-gov-west-1",
    "https://sqs.eu-west-1.api.aws/111122223333/jobs": "eu-west-1",
    "https://vpce-0a1b-c2d3.sqs.eu-west-1.vpce.amazonaws.com/111122223333/jobs": "eu-west-1",
    "https://eu-west-1.queue.amazonaws.com/111122223333/jobs": "eu-west-1",
    "https://queue.amazonaws.com/111122223333/jobs": "us-east-1",
    "http://sqs.eu-west-1.localhost.localstack.cloud:4566/000000000000/jobs": "eu-west-1",
    "http://eu-west-1.queue.localhost.localstack.cloud:4566/000000000000/jobs": "eu-west-1",
    "http://localhost:4566/queue/eu-west-1/000000000000/jobs": "eu-west-1",
}
NAMELESS = (
    "http://127.0.0.1:4566/000000000000/jobs",
    "http://localstack:4566/000000000000/sqs.eu-west-1.amazonaws.com",
    "http://localhost:9324/queue/jobs",
    "https://sqs.example.com/111122223333/jobs",
    "https://sqs/a",
    "http://[::1/jobs",
    "",
)


@pytest.mark.parametrize(("url", "region"), QUEUES.items())
def test_the_url_of_a_queue_names_its_region(url: str, region: str) -> None:
    assert region_of_queue(url) == region


@pytest.mark.parametrize("url", NAMELESS)
def test_a_url_that_names_no_region_is_none(url: str) -> None:
    assert region_of_queue(url) is None


def test_the_first_rank_that_names_one_decides_and_what_is_passed_over_is_told() -> None:
    choice = choose((), (POOL,), (PROFILE, Said("the bucket", "eu-west-1")))
    assert choice == Choice(POOL, (PROFILE,))
    assert str(choice) == "eu-west-1, as spec.aws.region says; passed over: the profile claims says us-east-1"


def test_places_of_equal_rank_that_disagree_are_a_question() -> None:
    with pytest.raises(Contradiction, match=r"spec\.aws\.region says eu-west-1, and --region says us-east-1"):
        choose((POOL, OPTION), (PROFILE,))


def test_a_lower_rank_may_contradict_itself_where_it_does_not_decide() -> None:
    choice = choose((POOL,), (PROFILE, Said("AWS_REGION", "eu-north-1")))
    assert choice is not None
    assert choice.said == POOL


def test_nobody_names_a_region() -> None:
    assert choose((), ()) is None
    assert choose() is None


@pytest.mark.parametrize("url", QUEUES)
def test_a_host_is_awss_own_or_an_emulators(url: str) -> None:
    assert is_of_aws(url) == url.startswith("https://")


@pytest.mark.parametrize("url", [*NAMELESS, "https://sqs.eu-west-1.amazonaws.com.example/1/jobs"])
def test_no_other_host_is_awss_own(url: str) -> None:
    assert not is_of_aws(url)
