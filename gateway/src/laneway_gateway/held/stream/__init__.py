"""What workers tell of a job while it runs, as states. Pure."""
