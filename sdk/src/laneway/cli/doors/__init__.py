"""Commands that let people in, by HTTP."""
