"""Pure values: what a deployment is, without any input or output."""
