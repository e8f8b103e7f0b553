import a.m06_autograd
