# -*- coding: latin-1 -*-
# éè 08_dataloader
x = "é 09_spatial"; import a.m09_spatial
