"""The public names of `tinytorch.vision.functional`, and the room that each comes from."""
