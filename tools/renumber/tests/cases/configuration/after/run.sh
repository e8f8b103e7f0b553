python -m a.m07_dataloader "$@"  # module 07: dataloader
