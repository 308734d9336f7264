"""Fakes that keep the promises of the real parts, for tests of Cynthus and of what builds on it."""
