"""What moves a figure most?"""
