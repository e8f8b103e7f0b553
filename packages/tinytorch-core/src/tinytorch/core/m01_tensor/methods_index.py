class IndexMethods:
    pass
