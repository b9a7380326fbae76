"""A page for planners in the browser: change a scenario, see what it does, save it as a file."""
