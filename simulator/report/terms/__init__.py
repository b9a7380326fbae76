"""What do deal terms cost and return?"""
