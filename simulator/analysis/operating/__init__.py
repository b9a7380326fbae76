"""What does the plan cost, and how long does cash last?"""
