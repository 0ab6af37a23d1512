"""Retrying and dropping many: an action is an object with a frozen list, which can be watched, stopped and taken up."""
