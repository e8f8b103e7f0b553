"""Norms, blocks, encoder and GPT: what must hold, and what is refused."""

import copy
import math

import numpy as np
import pytest
import tinytorch.core as tt
from tinytorch.core import functional as F, opcheck, ops
from tinytorch.language import (
    GPT,
    MLP,
    GPTConfig,
    LayerNorm,
    MultiheadAttention,
    RMSNorm,
    SelfAttention,
    SwiGLU,
    TransformerBlock,
    TransformerEncoder,
    TransformerEncoderLayer,
    functional as LF,
)

TINY = GPTConfig(block_size=8, vocab_size=11, n_layer=2, n_head=2, n_embd=8)


def randn(*shape: int, seed: int = 0) -> tt.Tensor:
    return tt.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def ids_of(*shape: int, seed: int = 0, high: int = 11) -> tt.Tensor:
    return tt.from_numpy(np.random.default_rng(seed).integers(0, high, shape))


def tiny(**options: object) -> GPT:
    tt.manual_seed(0)
    return GPT(GPTConfig(**{**vars(TINY), **options}))


class TestNorms:
    @pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
    def test_rules(self, name: str) -> None:
        for x, shape in (
            (randn(2, 3, 4), (4,)),
            (randn(2, 3, 4), (3, 4)),
            (randn(3), (3,)),
            (randn(0, 3), (3,)),
        ):
            weight, bias = randn(*shape, seed=1), randn(*shape, seed=2)
            more = (bias,) if name == "layer_norm" else ()
            opcheck(ops[name], [x, shape])
            opcheck(ops[name], [x, shape, weight])
            opcheck(ops[name], [x, shape, weight, *more])
        if name == "layer_norm":
            opcheck(ops[name], [randn(2, 3), (3,), None, randn(3)])

    def test_layer_norm_has_mean_0_and_variance_1(self) -> None:
        y = LayerNorm(50, dtype=tt.float64)(randn(4, 50) * 7 + 3)
        assert np.allclose(y.detach().numpy().mean(-1), 0, atol=1e-12)
        assert np.allclose(y.detach().numpy().var(-1), 1, atol=1e-5)

    def test_rms_norm_has_mean_square_1(self) -> None:
        y = RMSNorm(50, dtype=tt.float64)(randn(4, 50) * 7 + 3)
        assert np.allclose((y.detach().numpy() ** 2).mean(-1), 1)

    @pytest.mark.parametrize("function", [LF.layer_norm, LF.rms_norm])
    def test_dtypes_stay(self, function) -> None:
        for dtype in (tt.float16, tt.float32, tt.float64):
            x = randn(3, 4).to(dtype).requires_grad_()
            y = function(x, [4], tt.ones(4, dtype=dtype))
            y.sum().backward()
            assert y.dtype == x.grad.dtype == dtype

    @pytest.mark.parametrize("function", [LF.layer_norm, LF.rms_norm])
    def test_result_is_memory_of_its_own(self, function) -> None:
        x = randn(3, 4).requires_grad_()
        y = function(x, [4])
        expected = tt.grad(function(x, [4]).square().sum() + 0, [x])[0]
        with tt.no_grad():
            y.detach().add_(1)  # what the rule keeps isn't the result
        assert np.array_equal(tt.grad(function(x, [4]).square().sum(), [x])[0].numpy(), expected.numpy())
        z = function(x, [4])
        z.detach().zero_()
        z.backward(randn(3, 4))
        assert np.isfinite(x.grad.numpy()).all()
        assert (x.grad.numpy() != 0).any()

    def test_far_from_zero(self) -> None:
        x = randn(2, 64).float() + 1000
        y = LF.layer_norm(x, [64]).numpy()
        assert np.allclose(y.var(-1), 1, atol=1e-2)

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            (([3],), RuntimeError, r"expected input with shape \[\*, 3\], but got input of size\[2, 4\]"),
            ((3,), TypeError, "must be tuple of ints, not int"),
            (([],), RuntimeError, "at least 1-dimensional"),
            (([4], tt.ones(3)), RuntimeError, "weight to be of same shape"),
            (([4], tt.ones(4, dtype=tt.float64)), RuntimeError, "must have the input's dtype"),
        ],
    )
    def test_bad_input(self, arguments, error, message) -> None:
        with pytest.raises(error, match=message):
            LF.layer_norm(tt.ones(2, 4), *arguments)

    def test_integers_are_refused(self) -> None:
        with pytest.raises(NotImplementedError, match="isn't implemented for int64"):
            LF.rms_norm(tt.ones(2, 4, dtype=tt.int64), [4])


class TestMLPs:
    @pytest.mark.parametrize("activation", ["gelu", "gelu_tanh", "relu", "silu"])
    def test_mlp(self, activation: str) -> None:
        mlp = MLP(4, activation=activation)
        assert mlp.c_fc.weight.shape == (16, 4)
        x = randn(2, 3, 4).float()
        bend = {"gelu_tanh": lambda h: F.gelu(h, approximate="tanh")}.get(
            activation, getattr(F, activation, None)
        )
        assert tt.equal(mlp(x), mlp.c_proj(bend(mlp.c_fc(x))))

    def test_swiglu(self) -> None:
        gated = SwiGLU(12)
        assert gated.gate_proj.weight.shape == (32, 12)
        assert SwiGLU(10).up_proj.weight.shape == (32, 10)  # 8/3 of 10, rounded up to a multiple of 8
        x = randn(5, 12).float()
        expected = gated.down_proj(F.silu(gated.gate_proj(x)) * gated.up_proj(x))
        assert tt.equal(gated(x), expected)
        assert gated.gate_proj.bias is None

    def test_unknown_activation(self) -> None:
        with pytest.raises(ValueError, match="must be one of gelu, gelu_tanh, relu, silu, not 'tanh'"):
            MLP(4, activation="tanh")


class TestAttentionAndBlock:
    def test_causal_blocks_do_not_see_the_future(self) -> None:
        block = TransformerBlock(8, 2).double()
        x = randn(1, 6, 8)
        changed = x.clone()
        changed[:, 4:] = randn(1, 2, 8, seed=9)
        before, after = block(x).detach().numpy(), block(changed).detach().numpy()
        assert np.array_equal(before[:, :4], after[:, :4])
        assert not np.allclose(before[:, 4:], after[:, 4:])

    @pytest.mark.parametrize("is_causal", [True, False])
    @pytest.mark.parametrize("norm_first", [True, False])
    def test_padding_changes_nothing(self, is_causal: bool, norm_first: bool) -> None:
        block = TransformerBlock(8, 2, is_causal=is_causal, norm_first=norm_first).double()
        x = randn(2, 5, 8)
        padding = tt.tensor([[False] * 5, [False] * 3 + [True] * 2])
        padded = block(x, key_padding_mask=padding).detach().numpy()
        alone = block(x[1:, :3]).detach().numpy()
        assert np.allclose(padded[1, :3], alone[0])
        assert np.allclose(padded[0], block(x).detach().numpy()[0])

    def test_attention_equals_the_module_with_pytorchs_names(self) -> None:
        ours, theirs = SelfAttention(8, 2).double(), MultiheadAttention(8, 2, batch_first=True).double()
        theirs.load_state_dict(
            {
                "in_proj_weight": ours.c_attn.weight,
                "in_proj_bias": ours.c_attn.bias,
                "out_proj.weight": ours.c_proj.weight,
                "out_proj.bias": ours.c_proj.bias,
            }
        )
        x = randn(2, 5, 8)
        mask = tt.triu(tt.ones(5, 5), 1) > 0  # True is hidden there
        expected, _ = theirs(x, x, x, attn_mask=mask)
        assert np.allclose(ours(x).detach().numpy(), expected.detach().numpy())

    def test_shared_heads_of_keys(self) -> None:
        """Heads that share keys are heads whose keys are the same."""
        shared, full = SelfAttention(8, 4, num_kv_heads=2).double(), SelfAttention(8, 4).double()
        q, k, v = np.split(shared.c_attn.weight.detach().numpy(), [8, 12])
        bq, bk, bv = np.split(shared.c_attn.bias.detach().numpy(), [8, 12])

        def twice(rows: np.ndarray) -> np.ndarray:  # each head of 2 rows, two times
            return np.repeat(rows.reshape(2, 2, -1), 2, axis=0).reshape(8, *rows.shape[1:])

        full.load_state_dict(
            {
                "c_attn.weight": tt.tensor(np.concatenate([q, twice(k), twice(v)])),
                "c_attn.bias": tt.tensor(np.concatenate([bq, twice(bk), twice(bv)])),
                "c_proj.weight": shared.c_proj.weight,
                "c_proj.bias": shared.c_proj.bias,
            }
        )
        x = randn(2, 5, 8)
        assert shared.c_attn.weight.shape == (16, 8)
        assert np.allclose(shared(x).detach().numpy(), full(x).detach().numpy())

    def test_rotary_depends_on_distances_alone(self) -> None:
        attention = SelfAttention(8, 2, rotary=True, is_causal=False).double()
        x = randn(1, 4, 8)

        class Past:
            """Pretends that two positions went before, and forgets them."""

            length = 2

            def extend(self, key, value):
                return key, value

        attention.is_causal = False
        assert np.allclose(attention(x).detach().numpy(), attention(x, cache=Past()).detach().numpy())

    def test_options(self) -> None:
        x = randn(2, 5, 8).float()
        for options in (
            {"norm": "rms", "mlp": "swiglu", "rotary": True, "num_kv_heads": 1, "bias": False},
            {"norm_first": False, "mlp": "relu", "hidden_dim": 5, "eps": 1e-3},
            {"dropout": 0.5, "is_causal": False},
        ):
            block = TransformerBlock(8, 2, **options)
            y = block(x)
            y.sum().backward()
            assert y.shape == (2, 5, 8)
            assert all(p.grad is not None for p in block.parameters())

    def test_dropout_is_for_training(self) -> None:
        block = TransformerBlock(8, 2, dropout=0.5)
        x = randn(2, 5, 8).float()
        assert not tt.equal(block(x), block(x))
        block.eval()
        assert tt.equal(block(x), block(x))

    @pytest.mark.parametrize(
        ("arguments", "options", "message"),
        [
            ((10, 3), {}, "3 heads can't share a width of 10"),
            ((8, 4), {"num_kv_heads": 3}, "3 heads of keys can't be shared by 4"),
            ((8, 0), {}, "at least 1"),
            ((8, 2), {"norm": "batch"}, 'norm must be "layer" or "rms"'),
            ((8, 2), {"mlp": "maxout"}, "activation must be one of"),
        ],
    )
    def test_bad_options(self, arguments, options, message) -> None:
        with pytest.raises(ValueError, match=message):
            TransformerBlock(*arguments, **options)

    def test_padding_mask_of_another_kind(self) -> None:
        with pytest.raises(ValueError, match="must be bools of shape"):
            TransformerBlock(8, 2)(tt.zeros(2, 5, 8), key_padding_mask=tt.zeros(2, 5))


class TestEncoder:
    def test_layer_by_hand(self) -> None:
        layer = TransformerEncoderLayer(8, 2, 12, 0.0, activation="gelu", batch_first=True).double()
        x = randn(2, 5, 8)
        found, _ = layer.self_attn(x, x, x)
        y = layer.norm1(x + found)
        expected = layer.norm2(y + layer.linear2(F.gelu(layer.linear1(y))))
        assert np.allclose(layer(x).detach().numpy(), expected.detach().numpy())

    def test_stack_has_copies(self) -> None:
        layer = TransformerEncoderLayer(8, 2, 12)
        stack = TransformerEncoder(layer, 3, LayerNorm(8))
        assert len(list(stack.parameters())) == 3 * len(list(layer.parameters())) + 2
        assert "layers.2.self_attn.in_proj_weight" in stack.state_dict()
        assert stack(tt.zeros(5, 2, 8)).shape == (5, 2, 8)

    def test_unknown_activation(self) -> None:
        with pytest.raises(RuntimeError, match="relu/gelu, not silu"):
            TransformerEncoderLayer(8, 2, activation="silu")


class TestGPT:
    def test_names_are_gpt2s(self) -> None:
        names = list(tiny().state_dict())
        assert names[:2] == ["transformer.wte.weight", "transformer.wpe.weight"]
        assert names[2:6] == [
            "transformer.h.0.ln_1.weight",
            "transformer.h.0.ln_1.bias",
            "transformer.h.0.attn.c_attn.weight",
            "transformer.h.0.attn.c_attn.bias",
        ]
        assert "transformer.h.1.mlp.c_proj.bias" in names
        assert names[-3:] == ["transformer.ln_f.weight", "transformer.ln_f.bias", "lm_head.weight"]

    def test_tied_weights_are_one_parameter(self) -> None:
        model = tiny()
        assert model.lm_head.weight is model.transformer["wte"].weight
        names = [name for name, _ in model.named_parameters()]
        assert "lm_head.weight" not in names
        assert "lm_head.weight" in model.state_dict()
        untied = tiny(tie_weights=False)
        count = sum(p.numel() for p in model.parameters())
        assert sum(p.numel() for p in untied.parameters()) == count + 11 * 8

        untied.load_state_dict(model.state_dict())
        for m in (model, untied):
            m(ids_of(2, 8), ids_of(2, 8, seed=1))[1].backward()
        both = untied.lm_head.weight.grad + untied.transformer["wte"].weight.grad
        assert np.allclose(model.lm_head.weight.grad.numpy(), both.numpy(), atol=1e-6)

        twin = copy.deepcopy(model)
        assert twin.lm_head.weight is twin.transformer["wte"].weight
        assert twin.lm_head.weight is not model.lm_head.weight

    def test_initial_weights(self) -> None:
        tt.manual_seed(0)
        model = GPT(GPTConfig(32, 500, 8, 2, 64))
        weights = {name: p.detach().numpy() for name, p in model.named_parameters()}
        assert math.isclose(weights["transformer.wte.weight"].std(), 0.02, rel_tol=0.03)
        assert math.isclose(weights["transformer.h.3.attn.c_attn.weight"].std(), 0.02, rel_tol=0.03)
        for name in ("transformer.h.3.attn.c_proj.weight", "transformer.h.3.mlp.c_proj.weight"):
            assert math.isclose(weights[name].std(), 0.02 / 4, rel_tol=0.04)
        assert not weights["transformer.h.3.mlp.c_fc.bias"].any()
        assert (weights["transformer.ln_f.weight"] == 1).all()
        _, loss = model(ids_of(2, 32, high=500), ids_of(2, 32, seed=1, high=500))
        assert abs(loss.item() - math.log(500)) < 0.1  # it knows nothing yet

    def test_loss_is_the_mean_over_asked_positions(self) -> None:
        model, ids = tiny(), ids_of(2, 8)
        targets = ids_of(2, 8, seed=1)
        targets[0, :5] = -100
        logits, loss = model(ids, targets)
        assert logits.shape == (2, 8, 11)
        assert tt.equal(model(ids), logits)
        expected = F.cross_entropy(logits.view(16, 11)[5:], targets.view(16)[5:])
        assert math.isclose(loss.item(), expected.item(), rel_tol=1e-6)

    def test_learns_a_sequence_by_heart(self) -> None:
        model, ids = tiny(), ids_of(1, 8)
        optimizer = tt.AdamW(model.parameters(), lr=1e-2)
        for _ in range(80):
            optimizer.zero_grad()
            _, loss = model(ids[:, :-1], ids[:, 1:])
            loss.backward()
            optimizer.step()
        assert loss.item() < 0.05
        assert tt.equal(model.generate(ids[:, :1], 7, temperature=0), ids)

    @pytest.mark.parametrize(
        "options",
        [
            {"rotary": True, "norm": "rms", "mlp": "swiglu", "bias": False, "n_kv_head": 1},
            {"norm_first": False, "mlp": "gelu"},
            {"n_layer": 0},
            {"dropout": 0.1},
        ],
    )
    def test_options(self, options) -> None:
        model = tiny(**options)
        _, loss = model(ids_of(2, 8), ids_of(2, 8, seed=1))
        loss.backward()
        assert all(p.grad is not None for p in model.parameters())
        assert ("transformer.wpe.weight" in model.state_dict()) is not options.get("rotary", False)
        assert ("transformer.ln_f.weight" in model.state_dict()) is options.get("norm_first", True)

    def test_padding_at_the_right_changes_nothing(self) -> None:
        model, ids = tiny().eval(), ids_of(2, 6)
        padding = tt.tensor([[False] * 6, [False] * 4 + [True] * 2])
        padded = model(ids, key_padding_mask=padding).detach().numpy()
        assert np.allclose(padded[1, :4], model(ids[1:, :4]).detach().numpy()[0], atol=1e-6)

    @pytest.mark.parametrize(
        ("ids", "error", "message"),
        [
            (tt.tensor([[1, 11]]), IndexError, "11"),
            (tt.tensor([[1, -1]]), IndexError, "-1"),
            (tt.zeros(1, 9, dtype=tt.int64), ValueError, "9 tokens doesn't fit into a context of 8"),
            (tt.zeros(4, dtype=tt.int64), ValueError, r"shape \(batch, length\)"),
        ],
    )
    def test_bad_ids(self, ids, error, message) -> None:
        with pytest.raises(error, match=message):
            tiny()(ids)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"n_head": 3}, "3 heads can't share a width of 8"),
            ({"vocab_size": 0}, "vocab_size must be at least 1"),
            ({"block_size": 0}, "block_size must be at least 1"),
            ({"n_layer": -1}, "n_layer can't be negative"),
            ({"mlp": "tanh"}, "must be one of"),
            ({"dropout": 1.5}, "between 0 and 1"),
        ],
    )
    def test_bad_config(self, options, message) -> None:
        with pytest.raises(ValueError, match=message):
            tiny(**options)

    @pytest.mark.parametrize("prefix", ["", "transformer."])
    def test_checkpoints_of_gpt2(self, prefix: str) -> None:
        model = tiny()
        theirs = {}
        for name, value in model.state_dict().items():
            array = value.numpy()
            if name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
                array = array.T  # Conv1D has (in, out)
            if name.startswith("transformer."):
                theirs[prefix + name.removeprefix("transformer.")] = array
        theirs[prefix + "h.0.attn.bias"] = np.tri(8)[None, None]
        theirs[prefix + "h.0.attn.masked_bias"] = np.array(-1e4)
        loaded = GPT.from_gpt2(theirs, n_head=2)
        assert loaded.config == model.config
        assert tt.equal(loaded(ids_of(2, 8)), model(ids_of(2, 8)))
        assert loaded.lm_head.weight is loaded.transformer["wte"].weight

    def test_incomplete_checkpoint(self) -> None:
        with pytest.raises(RuntimeError, match=r"no checkpoint of GPT-2: wpe.weight, ln_f.weight is missing"):
            GPT.from_gpt2({"wte.weight": np.zeros((3, 4))})
