import a.m07_training
import a.m08_dataloader
