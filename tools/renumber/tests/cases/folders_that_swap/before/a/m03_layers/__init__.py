from ..m14_kv_caching import y
