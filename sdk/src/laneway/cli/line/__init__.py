"""Commands that show the line: how long it is, who serves it, and when it is whose turn."""
