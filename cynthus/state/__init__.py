"""What Cynthus remembers: the index, journals, locks and runs, as files on this machine."""
