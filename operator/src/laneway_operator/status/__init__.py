"""What a pool's status says, from what a pass found out. Pure."""
