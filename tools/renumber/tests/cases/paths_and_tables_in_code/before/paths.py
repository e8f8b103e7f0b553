import os, sys
from pathlib import Path

sys.path.insert(0, "modules/08_dataloader")
sys.path += [os.path.join("modules", "08_dataloader"), r"modules\08_dataloader", "C:\\course\\08_dataloader"]
p = Path(__file__).parent / "modules" / "08_dataloader" / "08_dataloader.py"
NAMES = {
    "08": "08_dataloader",
    "14": "14_kv_caching", "15": "profiling",
    '09': 'Spatial',
    10: "10_tokenization",
    11: ("11_embeddings", 3),
    14: "kv_caching",
    "13": "14_kv_caching",
}
ORDER = ["08_dataloader", "09_spatial", "14_kv_caching"]
HOURS = {"08_dataloader": 8, "layers": 14}
