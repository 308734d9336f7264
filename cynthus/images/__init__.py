"""What an app's environment is made of: its requirements, found or inferred, and its Python."""
