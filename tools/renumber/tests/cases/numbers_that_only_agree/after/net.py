"""A net of 3 layers, in module 03; 3-layers and 3_layers are no names, 14_layers is one."""
x = table[3, "layers"], table[3:"layers"], 3 - layers, make(3, "layers", layers=3), {"layers": 3}
y = {14: "layers", "14": "layers", "layers": 3}  # 3. Layers are counted, 14. Layers is the module
