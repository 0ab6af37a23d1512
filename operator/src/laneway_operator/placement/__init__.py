"""Where a lane's pods may run. Pure."""
