# -*- coding: latin-1 -*-
X = {"éé": 1, 7: ("dataloader", "é"), "é": {"number": 8, "é": 1, "name": "spatial"}}
