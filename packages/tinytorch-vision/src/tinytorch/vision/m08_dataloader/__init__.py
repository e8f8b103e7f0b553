"""Datasets, samplers and the loader that turns them into batches."""
