"""What a pool may say of its pods. Pure."""
