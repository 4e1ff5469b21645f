"""A classifier of texts in the form that the Hub has them in, made on the spot, that knows a few words.

The logits of a text are the sum of those of its words. Padding shouts for every label, so that it shows
when it is heard; the tokenizer is one that adds it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from mien.weights import COMPLETE

SIGNS = ("<s>", "<pad>", "</s>", "<unk>")
INPUTS = ("input_ids", "attention_mask")


def write(
    folder: Path,
    words: Mapping[str, Mapping[str, float]],
    labels: Sequence[str],
    *,
    problem_type: str | None = "multi_label_classification",
    inputs: Sequence[str] = INPUTS,
    places: int = 514,
    rest: float = -20.0,
) -> Path:
    """Write the model's files and mark them whole: `words` has the logits of labels by word, and
    `rest` is the logit of the others."""
    (folder / "onnx").mkdir(parents=True)
    vocabulary = {word: i for i, word in enumerate((*SIGNS, *words))}
    table = np.zeros((len(vocabulary), len(labels)), np.float32)
    table[vocabulary["<s>"]] = rest
    table[vocabulary["<pad>"]] = 100.0
    for word, logits in words.items():
        for label, logit in logits.items():
            table[vocabulary[word], labels.index(label)] = logit
    save(_network(table, inputs), folder / "onnx" / "model.onnx")
    _tokenizer(vocabulary).save(str(folder / "tokenizer.json"))
    config = {
        "architectures": ["XLMRobertaForSequenceClassification"],
        "id2label": {str(i): label for i, label in enumerate(labels)},
        "max_position_embeddings": places,
    } | ({"problem_type": problem_type} if problem_type else {})
    (folder / "config.json").write_text(json.dumps(config))
    files = [{"name": name} for name in ("onnx/model.onnx", "config.json", "tokenizer.json")]
    (folder / COMPLETE).write_text(json.dumps({"files": files}))
    return folder


def _network(table: np.ndarray, inputs: Sequence[str]) -> object:
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["said"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
        helper.make_node("Mul", ["said", "wide"], ["heard"]),
        helper.make_node("ReduceSum", ["heard", "tokens"], ["logits"], keepdims=0),
    ]
    values = {"table": table, "last": np.array([-1]), "tokens": np.array([1])}
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens_"]) for name in inputs],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", table.shape[1]])],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _tokenizer(vocabulary: Mapping[str, int]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(dict(vocabulary), unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[(sign, vocabulary[sign]) for sign in ("<s>", "</s>")]
    )
    tokenizer.enable_padding(length=64, pad_id=vocabulary["<pad>"], pad_token="<pad>")
    return tokenizer
