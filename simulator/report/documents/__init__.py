"""What people open: the page, the workbook, the deck."""
