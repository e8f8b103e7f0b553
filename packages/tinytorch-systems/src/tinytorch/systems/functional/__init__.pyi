"""The public names of `tinytorch.systems.functional`, and the room that each comes from."""
