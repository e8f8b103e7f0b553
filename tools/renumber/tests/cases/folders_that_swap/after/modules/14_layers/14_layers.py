# 14_layers
