"""The pool's own door: jobs as the queue has them, taken now and asked for later."""
