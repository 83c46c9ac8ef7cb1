"""What is stored, and the questions asked of it. No HTTP."""
