"""Which region a thing is in: the places that name one, in one order; and the region that a queue's URL names. Pure."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

REGION_PATTERN = r"[a-z]{2,5}(-[a-z]+)+-[0-9]"
QUEUE_HOST = re.compile(rf"(?:.*\.)?sqs(?:-fips)?\.(?P<new>{REGION_PATTERN})\..+|(?P<old>{REGION_PATTERN})\.queue\..+")
"""AWS's own hosts, old and new, FIPS, dual-stack and VPC endpoints among them; and LocalStack's."""
FIRST_HOSTS = {"queue.amazonaws.com", "sqs.amazonaws.com"}
"""Of us-east-1, which was there before URLs named regions."""
AWS_DOMAINS = ("amazonaws.com", "amazonaws.com.cn", "amazonwebservices.com.cn", "amazonaws.eu", "api.aws")
QUEUE_PATH = re.compile(rf"/queue/({REGION_PATTERN})/[^/]+/[^/]+")
"""LocalStack's, where it is told to put the region into the path."""

ARN_REGION = 3  # of an ARN's parts between colons


class Said(NamedTuple):
    """A region, and the place that names it as a person knows that place."""

    place: str
    region: str


class Choice(NamedTuple):
    """What holds, and what doesn't because of it."""

    said: Said
    passed_over: tuple[Said, ...]
    """Places of a lower rank that name another region."""

    def __str__(self) -> str:
        """For people."""
        others = ", ".join(f"{each.place} says {each.region}" for each in self.passed_over)
        return f"{self.said.region}, as {self.said.place} says" + (f"; passed over: {others}" if others else "")


class Contradiction(ValueError):
    """Two places of equal rank name different regions; the words name both places."""


def choose(*ranks: Iterable[Said]) -> Choice | None:
    """The region of the first rank that names one; None where nobody does. Raises `Contradiction` where the places of
    that rank don't agree: what is lower is passed over, what is equal is a question for a person.
    """
    first, *others = [found for found in map(tuple, ranks) if found] or [()]
    if not first:
        return None
    held = first[0]
    for each in first:
        if each.region != held.region:
            raise Contradiction(f"{held.place} says {held.region}, and {each.place} says {each.region}")
    return Choice(held, tuple(each for each in chain(*others) if each.region != held.region))


def region_of_queue(url: str) -> str | None:
    """The region that a queue's URL names; None where it names none, as behind an emulator."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = parts.hostname or ""
    if host in FIRST_HOSTS:
        return "us-east-1"
    if found := QUEUE_HOST.fullmatch(host):
        return found["new"] or found["old"]
    in_path = QUEUE_PATH.fullmatch(parts.path)
    return in_path[1] if in_path else None


def region_of_topic(arn: str) -> str | None:
    """The region that a topic's ARN names: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html."""
    parts = arn.split(":")
    return parts[ARN_REGION] or None if len(parts) > ARN_REGION else None


def is_of_aws(url: str) -> bool:
    """Whether a URL's host is AWS's own, and so no emulator's."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host.endswith(tuple(f".{domain}" for domain in AWS_DOMAINS))
