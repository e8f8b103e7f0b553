"""Renumber a course over a whole tree of files, and take it back byte for byte."""

__version__ = "0.1.0"
