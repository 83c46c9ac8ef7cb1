"""The backing API's client: one request path, one file for each noun."""
