"""The machine that Cynthus runs on."""
