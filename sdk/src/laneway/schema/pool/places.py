"""Where a pool's results and outputs go, and who is told."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from laneway.schema.shared.base import Alias, KubernetesModel, Pattern

NO_PREFIX = "prefix is missing: say below which keys outputs go, such as llm/out/; rights are given for those alone"

BucketName = Annotated[
    str,
    StringConstraints(max_length=63),
    Pattern(
        r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        "should be a bucket's name without s3://: 3 to 63 small letters, digits, dots and dashes, such as acme-llm",
    ),
]
Prefix = Annotated[
    str,
    StringConstraints(max_length=200),
    Pattern(
        r"^([A-Za-z0-9_=-][A-Za-z0-9_.=-]*/)+$",
        "should be parts of letters, digits, dots, dashes, _ and =, each ending with a slash and none beginning with a "
        "dot, such as llm/documents/",
    ),
]
TopicARN = Annotated[
    str,
    StringConstraints(max_length=384),
    Pattern(
        r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
        "should be the ARN of a standard SNS topic, such as arn:aws:sns:eu-west-1:111122223333:results",
    ),
]


class Results(KubernetesModel):
    """Where results go."""

    bucket: BucketName
    """The S3 bucket."""
    prefix: Prefix | None = None
    """Key prefix, ending with a slash. Default: the pool's name and a slash."""


class Destination(KubernetesModel):
    """A place that jobs may name to have their output written there."""

    name: Alias
    """What a job writes in `destination`."""
    bucket: BucketName
    """The S3 bucket."""
    prefix: Prefix
    """Key prefix, ending with a slash: the pool and its submitters have rights below it and nowhere else in the bucket.
    Neither lies in the other, this place and the results'.
    """

    @model_validator(mode="before")
    @classmethod
    def _say_what_to_write(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("prefix") is None:
            raise ValueError(NO_PREFIX)
        return value


class SNS(KubernetesModel):
    """An SNS topic."""

    topic_arn: Annotated[TopicARN, Field(alias="topicARN")]
    """The topic's ARN."""


class Notifications(KubernetesModel):
    """Who is told when a result is there."""

    sns: SNS
    """An SNS topic."""
