from ..m03_kv_caching import y
