"""What a pool's status says, from what a pass found out, and the resource's definition. Pure."""
