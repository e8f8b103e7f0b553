open("modules/01_Tensor/Tensor.py"), "01_tensor", "02_layers"
