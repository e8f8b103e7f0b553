"""Lists of modules under a name that says so; what is counted or named otherwise stays."""

CNN = {"id": "04", "required_modules": [1, 2, 3, 7, 8], "epochs": [8, 9], "modules": 12}
required_modules: list[int] = [7, 8]
layers = [8, 9]


class Milestone:
    modules = (7, 8, 13)

    def run(self):
        self.required_modules = ["07", "08"]
        return check(modules=[13], steps=[14])
