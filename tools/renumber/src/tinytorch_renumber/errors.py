"""The errors that a user may cause; each message says what to do."""

from __future__ import annotations


class RenumberError(Exception):
    """Something was refused; nothing was changed, or what was changed has been put back."""


class PlanError(RenumberError):
    """A plan contradicts itself or the tree."""


class TreeError(RenumberError):
    """The tree can't be changed as it is: unwritable, colliding, unclean, or edited since."""
