"""What reaches the terminal: tables, progress and help."""
