X = {"é": 1, "中": M(number=8, name="dataloader")}
Y = {
  "08":
    "08_dataloader"}