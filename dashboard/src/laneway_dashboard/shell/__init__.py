"""What every page stands in: who is let in, headers, words, drawings, templates."""
