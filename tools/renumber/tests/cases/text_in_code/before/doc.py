"""Module 08: DataLoader.

Comes after module 06 and before Module 09 (Spatial); see modules/09_spatial and `tinytorch check 08`.

+--------------------+----+
| 08_dataloader      | ok |
| 14_kv_caching      | ok |
+--------------------+----+
"""

# Module 14: KV Caching needs modules 08-13 and Module 12.
x = 1  # 08. Dataloader, 14: Profiling is wrong
name = "14 - Profiling"; other = "15 - Profiling"
