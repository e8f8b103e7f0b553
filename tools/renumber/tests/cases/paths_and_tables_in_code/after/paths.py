import os, sys
from pathlib import Path

sys.path.insert(0, "modules/07_dataloader")
sys.path += [os.path.join("modules", "07_dataloader"), r"modules\07_dataloader", "C:\\course\\07_dataloader"]
p = Path(__file__).parent / "modules" / "07_dataloader" / "07_dataloader.py"
NAMES = {
    "07": "07_dataloader",
    "13": "13_kv_caching", "14": "profiling",
    '08': 'Spatial',
    9: "09_tokenization",
    10: ("10_embeddings", 3),
    13: "kv_caching",
    "13": "13_kv_caching",
}
ORDER = ["07_dataloader", "08_spatial", "13_kv_caching"]
HOURS = {"07_dataloader": 8, "layers": 14}
