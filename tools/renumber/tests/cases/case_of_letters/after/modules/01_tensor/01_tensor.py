open("modules/01_tensor/Tensor.py"), "01_tensor", "02_layers"
