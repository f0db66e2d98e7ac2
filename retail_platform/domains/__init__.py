"""What the rows mean: one folder a domain, each with the same four files."""
