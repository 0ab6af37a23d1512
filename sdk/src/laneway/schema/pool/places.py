"""Where a pool's results, outputs and rows go, and who is told."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.shared.base import Alias, KubernetesModel, Pattern, cel

NO_RESULTS = "say where results go: s3: {bucket: acme-llm}; a prefix may stand in it"
NO_OUTPUT = "say where outputs go: s3: {bucket: acme-legal, prefix: llm/}"
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

HostName = Annotated[
    str,
    StringConstraints(max_length=253),
    Pattern(
        r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$",
        "should be a host's name, such as jobs.abc123.eu-west-1.rds.amazonaws.com",
    ),
]
SQLName = Annotated[
    str,
    StringConstraints(max_length=63),
    Pattern(
        r"^[A-Za-z_][A-Za-z0-9_-]*$",
        "should be letters, digits, dashes and underscores, beginning with a letter, such as laneway_writer",
    ),
]
"""The name of a database or a role: PostgreSQL cuts what is longer."""
DynamoDBTableName = Annotated[
    str,
    StringConstraints(min_length=3, max_length=255),
    Pattern(r"^[A-Za-z0-9_.-]+$", "should be letters, digits, dots, dashes and underscores, such as laneway-documents"),
]


class ResultsS3(KubernetesModel):
    """Where results go in S3."""

    bucket: BucketName
    """The bucket, which is there already: 3 to 63 characters."""
    prefix: Prefix | None = None
    """How the keys of all of the pool's objects begin: at most 200 characters, ending with a slash. Default: the pool's
    name and a slash.
    """


class Results(KubernetesModel):
    """Where results go: exactly one place, of which there is one kind."""

    model_config = ConfigDict(json_schema_extra=cel(("has(self.s3)", NO_RESULTS)))

    s3: ResultsS3
    """A bucket and a prefix in it. It can't be changed: jobs under way would be answered twice."""


class DestinationS3(KubernetesModel):
    """Where outputs go in S3."""

    bucket: BucketName
    """The bucket, which is there already: 3 to 63 characters."""
    prefix: Prefix
    """How the keys of outputs begin: at most 200 characters, ending with a slash. The pool and its submitters have
    rights below it and nowhere else in the bucket. Neither lies in the other, this place and the results'.
    """

    @model_validator(mode="before")
    @classmethod
    def _say_what_to_write(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("prefix") is None:
            raise ValueError(NO_PREFIX)
        return value


class Destination(KubernetesModel):
    """A place that jobs may name to have their output written there."""

    model_config = ConfigDict(json_schema_extra=cel(("has(self.s3)", NO_OUTPUT)))

    name: Alias
    """What a job writes in `destination`: at most 63 characters, unique in the pool."""
    s3: DestinationS3
    """A bucket and a prefix in it."""


class SNS(KubernetesModel):
    """An SNS topic."""

    topic_arn: Annotated[TopicARN, Field(alias="topicARN")]
    """The topic's ARN. It may be in another region than the queues."""


class Notifications(KubernetesModel):
    """Who is told when a result is there."""

    sns: SNS
    """An SNS topic."""
