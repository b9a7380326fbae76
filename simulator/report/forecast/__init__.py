"""What will we book, and how sure are we?"""
