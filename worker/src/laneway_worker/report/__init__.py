"""What a worker tells of itself: probes, metrics, traces, its own pod."""
