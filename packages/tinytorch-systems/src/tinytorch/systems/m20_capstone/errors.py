"""What can go wrong for a user: one sentence that says what, and what to do."""

from __future__ import annotations


class TinyGPTError(Exception):
    """Something that the user can put right; the message is one sentence that names the fix."""
