"""From what a sender has to messages in a queue."""
