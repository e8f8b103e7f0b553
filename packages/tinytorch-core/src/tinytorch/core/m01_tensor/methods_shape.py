class ShapeMethods:
    pass
