"""What a version of the capstone must be able to do: train, go on, write, get smaller, serve."""

from __future__ import annotations

import http.client
import json
import math
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import tinytorch.core as tt
import tinytorch.systems as ts

TEXT = "To be, or not to be: that is the question:\nWhether 'tis nobler in the mind to suffer\n" * 40
SIZES = {"n_layer": 1, "n_head": 2, "n_embd": 16, "block_size": 16, "batch_size": 4, "steps": 20}


def _options(**options: Any) -> Any:
    return ts.TinyGPTOptions(**{"tokenizer": "char", **SIZES, "warmup": 2, **options})


def _training(**options: Any) -> Any:
    recipe = _options(**options)
    return ts.TinyGPTTraining(ts.TinyGPT.new(recipe, TEXT), ts.Corpus("text", TEXT[:3000], TEXT[3000:]))


def check_the_learning_rate_rises_and_falls() -> None:
    """Warm the learning rate up in a straight line, and bring it down in another."""
    options = _options(steps=100, warmup=10, lr=1.0, last_lr=0.2)
    rates = [options.rate(step) for step in (0, 4, 9, 10, 55)]
    expected = [0.1, 0.5, 1.0, 1.0, 0.6]
    assert np.allclose(rates, expected), (
        f"the rates of steps 0, 4, 9, 10 and 55 of 100 with 10 to warm up must be {expected}, got {rates}"
    )


def check_the_loss_is_for_each_character() -> None:
    """Divide the sum of all surprises by the characters, whatever the tokens."""
    for kind in ("char", "bpe"):
        gpt = ts.TinyGPT.new(_options(tokenizer=kind, vocab_size=300), TEXT)
        with tt.no_grad():
            for parameter in gpt.model.parameters():
                parameter.zero_()
        tokens = len(gpt.tokenizer.encode("\n" + TEXT)) - 1
        expected = tokens * math.log(gpt.tokenizer.vocab_size) / len(TEXT)
        found = gpt.loss(TEXT)
        assert math.isclose(found, expected, rel_tol=1e-4), (
            f"with {kind} tokens, a model that knows nothing loses log(vocabulary) for each of {tokens} "
            f"tokens, that is {expected:.4f} for each character; got {found:.4f}"
        )


def check_training_lowers_the_loss() -> None:
    """Learn something from a few steps."""
    training = _training(lr=1e-2, steps=40)
    before = training.look()
    losses = list(training.run())
    after = training.look()
    assert len(losses) == 40, f"40 steps give 40 losses, got {len(losses)}"
    assert after < before - 0.2, f"40 steps must lower the held-out loss, it went from {before} to {after}"


def check_going_on_changes_nothing() -> None:
    """Reach the same weights, bit by bit, whether or not training was interrupted."""
    whole, first, second = _training(), _training(), _training()
    list(whole.run())
    list(first.run(until=7))
    arrays, facts = first.state()
    second.restore({name: np.array(array) for name, array in arrays.items()}, json.loads(json.dumps(facts)))
    assert second.step == 7, f"after a checkpoint of step 7, the step must be 7, got {second.step}"
    list(second.run())
    for name, array in whole.gpt.weights().items():
        assert np.array_equal(array, second.gpt.weights()[name]), (
            f"{name} differs: a checkpoint needs the weights, all that the optimizer remembers, and batches "
            "that depend on the step alone"
        )


def check_text_comes_in_whole_characters() -> None:
    """Hold the bytes of a character back until it is complete."""
    gpt = ts.TinyGPT.new(_options(tokenizer="bpe", vocab_size=256), TEXT)
    pieces = list(gpt.decode_stream(iter(gpt.encode("a\N{SNOWMAN}b"))))
    assert pieces == ["a", "\N{SNOWMAN}", "b"], f"five bytes are three characters, got {pieces!a}"


def check_the_cache_changes_nothing() -> None:
    """Write the same text with a cache as without, as long as it fits into the context."""
    gpt = ts.TinyGPT.new(_options(block_size=32), TEXT)
    texts = ["".join(gpt.stream("To be", 20, seed=1, use_cache=cached)) for cached in (True, False)]
    assert texts[0] == texts[1], f"with a cache {texts[0]!a} is written, without {texts[1]!a}"
    assert len(texts[0]) == 20, f"20 characters were asked for, got {len(texts[0])}"


def check_a_model_in_a_folder_is_the_same_model() -> None:
    """Save a model and load it again; name what is damaged."""
    gpt = ts.TinyGPT.new(_options(), TEXT)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        gpt.save(folder)
        again = ts.TinyGPT.load(folder)
        assert again.loss(TEXT) == gpt.loss(TEXT), "the model that was loaded must be the one that was saved"
        file = folder / "model.safetensors"
        file.write_bytes(file.read_bytes()[:-1])
        said = ""
        try:
            ts.TinyGPT.load(folder)
        except ts.TinyGPTError as error:
            said = str(error)
        assert "damaged" in said, f"a file that lacks its last byte must be called damaged, got: {said!r}"


def check_the_server_answers_and_refuses() -> None:
    """Write for the page of this machine, and do nothing for anybody else."""
    gpt = ts.TinyGPT.new(_options(), TEXT)
    with ts.TinyGPTServer(gpt, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            wish = json.dumps({"prompt": "To be", "tokens": 5, "seed": 1})
            kind = {"Content-Type": "application/json"}
            status, body = _ask(server, wish, kind)
            assert status == 200, f"a text that may be asked for must be written, got status {status}"
            lines = [json.loads(line) for line in body.splitlines()]
            assert lines[-1].get("done"), f"the last line must say that the text is done, got {lines[-1]}"
            written = "".join(line["text"] for line in lines[:-1])
            expected = "".join(gpt.stream("To be", 5, seed=1))
            assert written == expected, f"the server wrote {written!a}, the model {expected!a}"
            for expected_status, headers, content, why in (
                (421, {**kind, "Host": "evil.example"}, wish, "another name bent to this address"),
                (403, {**kind, "Origin": "http://evil.example"}, wish, "the page of another site"),
                (415, {"Content-Type": "text/plain"}, wish, "what a form of another site can send"),
                (413, kind, " " * 1_000_000, "a body of a million bytes"),
            ):
                status, _ = _ask(server, content, headers)
                assert status == expected_status, f"{why} must get {expected_status}, got {status}"
        finally:
            server.shutdown()
            thread.join()


def _ask(server: Any, body: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    try:
        connection.request("POST", "/generate", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
