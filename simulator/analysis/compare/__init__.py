"""What changes between two scenarios or two days?"""
