"""Outputs as pictures: metrics as charts, and the images among them, on one page."""
