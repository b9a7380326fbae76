"""What held the past back?"""
