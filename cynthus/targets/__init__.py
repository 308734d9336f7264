"""Where a deployment can live."""
