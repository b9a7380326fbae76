"""Companies whose truth is known, by generators that share nothing with the engine."""
