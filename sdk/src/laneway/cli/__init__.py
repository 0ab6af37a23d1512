"""The command line; one module a command group. Heavy imports wait until a command needs them."""
