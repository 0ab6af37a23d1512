"""Who may come in: the keys of a file, which is read anew when it changes, or nobody's on this machine alone."""
