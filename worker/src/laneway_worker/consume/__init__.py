"""From a message to the end of its job: the loop, and one job on its way."""
