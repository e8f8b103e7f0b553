class TestModule08DataloaderCore(NodeModule2, Module14, LModule08x):
    """TestModule09 and Module108 and MyModule08."""
