"""What has a status, or a condition of its own, beside the lanes: a gateway, a table, a placement profile."""
