X = {9: "spatial", 10: "tokenization"}
