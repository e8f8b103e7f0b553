"""The tables of cases, one file for each part of the library. Importing this package fills the table."""

import importlib
import pkgutil

for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{module.name}")
