# 03_layers
