"""Child processes that leave nothing behind, their ports, and how they are stopped."""
