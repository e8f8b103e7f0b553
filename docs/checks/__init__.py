"""What must hold for the site; a file for each kind of fault, a function for each check.

A check returns the faults that it found, each as one line that names the page. `docs/check.py` runs them.
"""
