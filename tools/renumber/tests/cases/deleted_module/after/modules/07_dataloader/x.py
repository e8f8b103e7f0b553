import a.m07_training
import a.m07_dataloader
