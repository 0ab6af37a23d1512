"""The workers of each lane, and the board that shows how they stand."""
