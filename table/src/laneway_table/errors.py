"""What can go wrong with a table, in few kinds."""

from __future__ import annotations


class TableError(Exception):
    """Any of them; the text tells people what to change, and holds nothing of a row."""


class TableUnavailable(TableError):
    """The database can't be reached, or answers that it can't serve just now: try again."""


class TableUnusable(TableError):
    """No later try helps: rights, a newer schema, a wrong address."""


class RowsRefused(TableError):
    """The database refuses one of these rows at least; what else it has written of them may be written again."""


class NotOffered(TableError):
    """This kind of table can't answer that."""


class QueueUnavailable(Exception):
    """SQS can't be reached, or refuses; the text holds nothing of a message."""


class ResultsUnavailable(Exception):
    """S3 can't be reached, or refuses."""
