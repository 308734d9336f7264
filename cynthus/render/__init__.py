"""Writes the Terraform and Ansible files of a deployment, and never over an edit of the user's."""
