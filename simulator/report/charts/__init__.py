"""Charts as data, and what draws them: pictures, slides, sheets."""
