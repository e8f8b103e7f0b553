import a.m14_kv_caching
