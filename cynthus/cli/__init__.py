"""The command line: it translates words into operations and results into text. It decides nothing."""
