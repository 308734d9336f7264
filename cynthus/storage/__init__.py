"""Where things are kept by key: buckets."""
