"""What do the calls of reps and managers say?"""
