"""Lists of modules under a name that says so; what is counted or named otherwise stays."""

CNN = {"id": "04", "required_modules": [1, 2, 3, 8, 9], "epochs": [8, 9], "modules": 12}
required_modules: list[int] = [8, 9]
layers = [8, 9]


class Milestone:
    modules = (8, 9, 14)

    def run(self):
        self.required_modules = ["08", "09"]
        return check(modules=[14], steps=[14])
