"""Numbers and names that are key and value, siblings or rows: in any layout, and only where they are modules'."""

MODULES = {
    "08":
        "08_dataloader",
    9:
        "spatial",
    10: {"name": "tokenization", "hours": 10},
    "11": ("embeddings", 11),
    "12": Path("modules") / "12_attention",
    "13": Module("13_transformers"),
    "14": f"14_kv_caching",
    "16": {"name": "profiling"},  # stale: it is 15
}
FIRST = Module(number=8, name="dataloader"); SECOND = Module(title="Spatial", number=9)
THIRD = {"slug": "kv_caching", "number": 14, "minutes": 14}
ORDER = {"dataloader": 8, "spatial": 9, "tokenization": 10}
ROWS = [(8, "dataloader", 3), (9, "spatial", 8), ("10", "10_tokenization", 10)]

for number, name in ((8, "dataloader"), (9, "spatial"), (10, "tokenization")):
    print(number, name)


@register(number=15, name="profiling")
class Profiling:
    """A class with a decorator that takes keywords."""


# None of these is a module's number, however well it agrees.
net = make(layers=3, training=7); other = make(3, "layers"); more = [make(3, "layers"), make(3, "layers")]
options = {"layers": 3, "training": 7, "dropout": 0.1}
hours = {"dataloader": 8, "spatial": 2, "tokenization": 5}
one = [(3, "layers", 1)]
