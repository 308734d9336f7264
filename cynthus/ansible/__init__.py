"""Ansible: what the rest of Cynthus asks of it, and how ansible-runner answers."""
