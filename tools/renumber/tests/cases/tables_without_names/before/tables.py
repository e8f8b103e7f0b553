"""Dictionaries by module number whose names stand in comments, in import paths, or nowhere."""

TESTS = {
    6: ["test_gradients.py"],  # Optimizers
    8: ["test_batches.py"],  # DataLoader: needs the disk
    9: ["test_images.py"],
    10: [],  # Tokenization (alone)
    "11": [],  # nothing of embeddings
    14: [  # kv_caching
        "test_cache.py",
    ],  # KV caching
}
EXPORTS = {
    8: [("course", "DataLoader"), ("course.vision.dataloader", "DataLoader")],
    9: [("course", "Conv2d"), ("course.vision.spatial", "Conv2d")],
    "07": [("course", "Trainer"), ("course.training", "Trainer")],
    14: "course.systems.kv_caching",
}
# Too little is named here, or too much is wrong.
FEW = {8: "dataloader", 9: "a", 10: "b"}
WRONG = {8: "dataloader", 10: "spatial", 9: "tokenization", 11: "x"}
NONE = {8: "a", 9: "b"}
