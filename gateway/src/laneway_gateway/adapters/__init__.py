"""The gateway's calls to AWS and to this machine: each does what a port says, and decides nothing."""
