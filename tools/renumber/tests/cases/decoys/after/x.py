"""14_profiling and 14_profiling: one is stale."""
f"m{n:02d}_dataloader"; f"modules/{n:02d}_{name}"; "%02d_%s" % (8, "dataloader"); f"08_dataloader{x}"
m08_dataloader_extra = x08_dataloader = 1
