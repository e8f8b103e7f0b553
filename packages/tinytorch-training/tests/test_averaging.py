"""Averages of weights."""

import pytest
from tinytorch.core import Buffer, Linear, Module, ones, zeros
from tinytorch.training import AveragedModel, get_ema_avg_fn


class Net(Module):
    def __init__(self):
        super().__init__()
        self.layer = Linear(2, 1)
        self.seen = Buffer(zeros(1))

    def forward(self, x):
        return self.layer(x)


def filled(model, value):
    for x in [*model.parameters(), *model.buffers()]:
        x.array[...] = value
    return model


def test_the_mean_of_all_weights():
    model = Net()
    average = AveragedModel(model)
    for value in (1.0, 2.0, 6.0):
        average.update_parameters(filled(model, value))
    assert average.module.layer.weight.tolist() == [[3.0, 3.0]]
    assert average.module.seen.tolist() == [6.0], "buffers are those of the model"
    assert average.n_averaged.item() == 3


def test_an_exponential_average():
    model = Net()
    average = AveragedModel(model, avg_fn=get_ema_avg_fn(0.9), use_buffers=True)
    for value in (1.0, 2.0):
        average.update_parameters(filled(model, value))
    assert average.module.layer.bias.item() == pytest.approx(1.1)
    assert average.module.seen.item() == pytest.approx(1.1)


def test_the_average_is_a_model_and_the_model_stays():
    model = filled(Net(), 1.0)
    average = AveragedModel(model)
    average.update_parameters(model)
    filled(model, 5.0)
    assert average(ones(1, 2)).tolist() == [[3.0]]
    assert model(ones(1, 2)).tolist() == [[15.0]]
