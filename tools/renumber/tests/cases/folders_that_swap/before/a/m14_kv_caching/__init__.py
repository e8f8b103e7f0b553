y = "m03_layers"
