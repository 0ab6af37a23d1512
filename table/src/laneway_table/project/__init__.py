"""The projector: from the events queue into the table."""
