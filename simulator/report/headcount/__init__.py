"""What is one more CSM worth?"""
