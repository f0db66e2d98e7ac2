"""HTTP inputs of mappings: what an endpoint is, how its answers are fetched, judged as answers, and landed."""
