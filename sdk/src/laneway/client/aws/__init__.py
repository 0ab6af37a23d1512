"""Who calls AWS, with whose settings; and what goes wrong there, in words that say what to change."""
