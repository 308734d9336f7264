"""The target `ssh`: machines that stand already and have an SSH port."""
