"""Who should own customers?"""
