"""Drives Terraform: command lines by python-terraform, processes and signals by us."""
