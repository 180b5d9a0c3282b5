"""What we know right now: one file per question, with its tables, how facts change them, and the queries."""
