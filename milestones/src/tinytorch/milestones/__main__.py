"""`python -m tinytorch.milestones`."""

from .command import main

raise SystemExit(main())
