"""Where secret values and tokens come from."""
