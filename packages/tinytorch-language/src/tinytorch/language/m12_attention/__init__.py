"""Attention: every position looks at the others."""
