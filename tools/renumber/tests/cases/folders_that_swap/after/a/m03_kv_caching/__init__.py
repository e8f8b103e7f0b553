y = "m14_layers"
