"""The report: one HTML page over all milestones whose results are at hand, with everything in it."""

from .build import page as page
