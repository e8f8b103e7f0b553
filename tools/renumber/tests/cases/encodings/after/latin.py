# -*- coding: latin-1 -*-
# éè 07_dataloader
x = "é 08_spatial"; import a.m08_spatial
