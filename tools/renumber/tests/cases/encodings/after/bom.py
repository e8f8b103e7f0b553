"""07_dataloader é"""
from a.m07_dataloader import B
