class ReduceMethods:
    pass
