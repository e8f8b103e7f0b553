"""Numbers and names that are key and value, siblings or rows: in any layout, and only where they are modules'."""

MODULES = {
    "07":
        "07_dataloader",
    8:
        "spatial",
    9: {"name": "tokenization", "hours": 10},
    "10": ("embeddings", 11),
    "11": Path("modules") / "11_attention",
    "12": Module("12_transformers"),
    "13": f"13_kv_caching",
    "16": {"name": "profiling"},  # stale: it is 15
}
FIRST = Module(number=7, name="dataloader"); SECOND = Module(title="Spatial", number=8)
THIRD = {"slug": "kv_caching", "number": 13, "minutes": 14}
ORDER = {"dataloader": 7, "spatial": 8, "tokenization": 9}
ROWS = [(7, "dataloader", 3), (8, "spatial", 8), ("09", "09_tokenization", 10)]

for number, name in ((7, "dataloader"), (8, "spatial"), (9, "tokenization")):
    print(number, name)


@register(number=14, name="profiling")
class Profiling:
    """A class with a decorator that takes keywords."""


# None of these is a module's number, however well it agrees.
net = make(layers=3, training=7); other = make(3, "layers"); more = [make(3, "layers"), make(3, "layers")]
options = {"layers": 3, "training": 7, "dropout": 0.1}
hours = {"dataloader": 8, "spatial": 2, "tokenization": 5}
one = [(3, "layers", 1)]
