"""A company's past: its tables, their checks, what was knowable when, and the states of its deals."""
