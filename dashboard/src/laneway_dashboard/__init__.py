"""The dashboard: pools, lanes, jobs and failed jobs in a browser."""
