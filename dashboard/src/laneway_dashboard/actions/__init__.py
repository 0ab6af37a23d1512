"""Actions over failed jobs, and the buttons of lanes."""
