import a.m05_autograd, a.m04_losses
