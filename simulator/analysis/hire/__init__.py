"""Where do the next reps go?"""
