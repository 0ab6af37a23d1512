"""JSON as SQS and SNS carry it. Pure."""

from __future__ import annotations

NONCHARACTERS = {code: f"\\u{code:04x}" for code in (0xFFFE, 0xFFFF)}
"""What JSON may hold as it is, and SQS refuses: a message is text that XML can hold.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""


def message_text(document: str) -> str:
    """The same JSON document with escapes for what SQS refuses. JSON writers escape control characters themselves, and
    half a surrogate pair is no text.
    """
    return document.translate(NONCHARACTERS)
