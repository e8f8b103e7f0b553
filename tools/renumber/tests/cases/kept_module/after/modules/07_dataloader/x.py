import a.m07_training
