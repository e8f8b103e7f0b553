class TestModule07DataloaderCore(NodeModule2, Module13, LModule08x):
    """TestModule08 and Module108 and MyModule07."""
