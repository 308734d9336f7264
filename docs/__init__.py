"""The manual. `python -m docs.generate` writes the part that is made from the code."""
