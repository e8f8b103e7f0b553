import numpy as np
def as_array(data, dtype): return np.array(data, dtype)
