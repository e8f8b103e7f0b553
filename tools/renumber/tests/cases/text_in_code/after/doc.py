"""Module 07: DataLoader.

Comes after module 06 and before Module 08 (Spatial); see modules/08_spatial and `tinytorch check 08`.

+--------------------+----+
| 07_dataloader      | ok |
| 13_kv_caching      | ok |
+--------------------+----+
"""

# Module 13: KV Caching needs modules 08-13 and Module 12.
x = 1  # 07. Dataloader, 14: Profiling is wrong
name = "14 - Profiling"; other = "14 - Profiling"
