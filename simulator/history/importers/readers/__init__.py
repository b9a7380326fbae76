"""Files of any make as rows of text or typed cells."""
