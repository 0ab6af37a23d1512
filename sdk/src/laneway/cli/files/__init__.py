"""Files that people give to commands, and what they hold."""
