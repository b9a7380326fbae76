"""From a history to rates with their uncertainty."""
