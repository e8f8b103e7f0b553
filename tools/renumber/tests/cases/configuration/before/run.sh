python -m a.m08_dataloader "$@"  # module 08: dataloader
