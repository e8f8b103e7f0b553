"""08_dataloader é"""
from a.m08_dataloader import B
