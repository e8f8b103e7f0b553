# -*- coding: latin-1 -*-
X = {"éé": 1, 8: ("dataloader", "é"), "é": {"number": 9, "é": 1, "name": "spatial"}}
