"""From rates and a scenario to simulated paths."""
