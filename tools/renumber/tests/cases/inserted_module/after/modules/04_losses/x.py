import a.m06_autograd, a.m04_losses
