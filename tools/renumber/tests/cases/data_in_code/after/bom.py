X = {"é": 1, "中": M(number=7, name="dataloader")}
Y = {
  "07":
    "07_dataloader"}