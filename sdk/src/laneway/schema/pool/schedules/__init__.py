"""When a lane keeps a floor of workers, and when it sleeps. Pure."""
