"""The target `gcp`: machines of Google Cloud, made for a deployment and removed after it."""
