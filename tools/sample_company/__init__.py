"""Companies with known rates, and the histories that they leave behind."""
