"""Which of several operators is the active one."""
