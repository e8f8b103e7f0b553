"""Compares every public name of tinytorch.core with PyTorch 2.13.0. Run by `nox -s oracle`.

- `cases/` are tables, a line a case; how a line is written stands in `table.py`, what its inputs are in
  `inputs.py`. Each is run in both libraries, in several dtypes and layouts of memory, and `compare.py`
  tells how values, gradients, dtypes, shapes, types, shared memory and errors differ.
- `test_promotion.py`, `test_random.py`, `test_indexing.py`, `test_calls.py` and `test_programs.py` compare
  what is better drawn than listed: pairs of dtypes, distributions, indexes, calls, in-place programs.
- `test_complete.py` asks that every public name, method and parameter has a case.
- `deviations.py` lists every difference that is wanted, with its reason. Nothing else may differ.
"""
