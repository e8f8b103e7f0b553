import a.m05_autograd
