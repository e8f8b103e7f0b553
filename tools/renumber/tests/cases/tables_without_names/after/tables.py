"""Dictionaries by module number whose names stand in comments, in import paths, or nowhere."""

TESTS = {
    6: ["test_gradients.py"],  # Optimizers
    7: ["test_batches.py"],  # DataLoader: needs the disk
    8: ["test_images.py"],
    9: [],  # Tokenization (alone)
    "10": [],  # nothing of embeddings
    13: [  # kv_caching
        "test_cache.py",
    ],  # KV caching
}
EXPORTS = {
    7: [("course", "DataLoader"), ("course.vision.dataloader", "DataLoader")],
    8: [("course", "Conv2d"), ("course.vision.spatial", "Conv2d")],
    "training": [("course", "Trainer"), ("course.training", "Trainer")],
    13: "course.systems.kv_caching",
}
# Too little is named here, or too much is wrong.
FEW = {7: "dataloader", 9: "a", 10: "b"}
WRONG = {7: "dataloader", 10: "spatial", 9: "tokenization", 11: "x"}
NONE = {8: "a", 9: "b"}
