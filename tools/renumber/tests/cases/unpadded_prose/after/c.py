X = {8: "spatial", 9: "tokenization"}
