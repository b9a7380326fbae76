"""What each CRM and billing system calls its columns."""
