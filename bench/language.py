"""How fast texts are read, beside what a user would pick instead.

    python bench/language.py        about two minutes, on one core

Everything is measured in one run, by turns, on the same sentences, pinned to one core with one thread, and
given as medians. What is not installed is left out: `pip install vaderSentiment transformers torch spacy
onnx` brings all of it. VADER gives one number a sentence; the transformers pipeline has an encoder of the
same size with weights drawn at random, as time does not depend on them. The network in 32 bits, given tokens
in batches of 32, tells how fast a machine is.
"""

import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession, SessionOptions
from tokenizers import Tokenizer

from mien.engines import Engines
from mien.measure import Wish, measure
from mien.media.decode import text_media
from mien.models import MODELS
from mien.settings import Settings

SENTENCES, WORDS, RUNS = 1000, 20, 5

WEIGHTS = Path(__file__).parent.parent / "src" / "mien" / "weights"

COMMON = (
    "the a this my our old new good bad small large friend dog house train meeting answer day night week"
    " really never always almost quietly thinks says wants loves hates misses finds takes forgets about with"
    " without for after before because when but and so it was had not very much more time people work money"
)


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    sentences = made(SENTENCES)
    engines = Engines(Settings(threads=1))
    measured: dict[str, tuple[Callable[[], object], float, str]] = {
        "mien, language by sentence + ner": (
            lambda: walk(" ".join(sentences), "sentence", engines),
            SENTENCES,
            "sentences/s",
        ),
        "mien, its network alone": (lambda: network_alone(sentences, engines), SENTENCES, "sentences/s"),
        "mien, 10,000 words by word": (
            lambda: walk(" ".join(sentences[:500]), "word", engines),
            1,
            "texts/s",
        ),
    }
    measured |= in_32_bits(sentences) | others(sentences)
    times: dict[str, list[float]] = {name: [] for name in measured}
    for run in range(RUNS + 1):
        for name, (work, _, _) in measured.items():
            begun = time.perf_counter()
            work()
            if run:  # the first warms up
                times[name].append(time.perf_counter() - begun)
    print(f"{SENTENCES} sentences of {WORDS} words, one core, {RUNS} runs by turns, medians:")
    for name, (_, count, unit) in measured.items():
        seconds = statistics.median(times[name])
        print(f"  {name:44} {seconds:7.2f} s  {count / seconds:9,.1f} {unit}")


def walk(text: str, granularity: str, engines: Engines) -> object:
    """All that is done for a text, from the text to predictions."""
    asked = {"language": {"granularity": granularity, "sentiment": {}, "toxicity": {}}, "ner": {}}
    models = {name: MODELS[name].options(**options) for name, options in asked.items()}
    found = measure(text_media(text, "0"), Wish(models=models, transcription=None), engines)
    assert not found.errors, found.errors
    return found


def network_alone(sentences: Sequence[str], engines: Engines) -> object:
    from mien.types import Interval, Passage

    passages = [Passage(position=Interval(0, len(one)), text=one) for one in sentences]
    return [engines.text_reader.read_texts(passages[k : k + 256]) for k in range(0, len(passages), 256)]


def in_32_bits(sentences: Sequence[str]) -> dict[str, tuple[Callable[[], object], float, str]]:
    """The shipped graph with its products of integers as products of 32-bit numbers."""
    try:
        import onnx
        from onnx import helper, numpy_helper
    except ImportError:
        print("onnx is not installed")
        return {}
    model = onnx.load(WEIGHTS / "language.onnx")
    tables = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        if node.op_type == "QuantizeLinear":
            nodes.append(helper.make_node("Identity", node.input[:1], node.output))
        elif node.op_type == "MatMulIntegerToFloat":
            given, weights, _, scale, _, _, *bias = node.input
            whole = numpy_helper.from_array(
                (tables[weights] * tables[scale]).astype(np.float32), f"{weights}.whole"
            )
            model.graph.initializer.append(whole)
            product = f"{node.output[0]}.product" if bias else node.output[0]
            nodes.append(helper.make_node("MatMul", [given, whole.name], [product]))
            nodes += [helper.make_node("Add", [product, *bias], node.output)] if bias else []
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # it would name each of the bytes that are not used
    session = InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(WEIGHTS / "language.vocabulary.json"))
    tokenizer.enable_padding()
    feeds = []
    for k in range(0, len(sentences), 32):
        encoded = tokenizer.encode_batch(list(sentences[k : k + 32]))
        ids = np.array([one.ids for one in encoded])
        mask = np.array([one.attention_mask for one in encoded])
        feeds.append({"ids": ids, "mask": mask, "shapes": np.ones_like(ids)})
    return {
        "its network in 32 bits, given tokens": (
            lambda: [session.run(None, feed) for feed in feeds],
            SENTENCES,
            "sentences/s",
        )
    }


def others(sentences: Sequence[str]) -> dict[str, tuple[Callable[[], object], float, str]]:
    found: dict[str, tuple[Callable[[], object], float, str]] = {}
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        vader = SentimentIntensityAnalyzer()
        found["vaderSentiment (one number)"] = (
            lambda: [vader.polarity_scores(one) for one in sentences],
            SENTENCES,
            "sentences/s",
        )
    except ImportError:
        print("vaderSentiment is not installed")
    try:
        found["transformers, an encoder of the same size"] = (
            pipeline(sentences),
            SENTENCES,
            "sentences/s",
        )
    except ImportError:
        print("transformers and torch are not installed")
    try:
        import spacy

        nlp = spacy.load("en_core_web_sm", disable=["parser", "tagger", "lemmatizer", "attribute_ruler"])
        found["spaCy en_core_web_sm, entities alone"] = (
            lambda: list(nlp.pipe(sentences)),
            SENTENCES,
            "sentences/s",
        )
    except (ImportError, OSError):
        print("spaCy and its en_core_web_sm are not installed")
    return found


def pipeline(sentences: Sequence[str]) -> Callable[[], object]:
    """What `transformers.pipeline("text-classification")` does, in batches of 32 of like length."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.set_num_threads(1)
    vocabulary = str(WEIGHTS / "language.vocabulary.json")
    tokenizer = BertTokenizerFast(tokenizer_file=vocabulary, pad_token="[PAD]")  # noqa: S106
    config = BertConfig(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, num_labels=53
    )
    network = BertForSequenceClassification(config).eval()

    def read() -> object:
        found = []
        with torch.inference_mode():
            for k in range(0, len(sentences), 32):
                batch = tokenizer(list(sentences[k : k + 32]), padding=True, return_tensors="pt")
                found.append(torch.sigmoid(network(**batch).logits))
        return found

    return read


def made(count: int) -> list[str]:
    """Sentences of twenty common words."""
    words = COMMON.split()
    rng = random.Random(0)  # noqa: S311 - the same sentences each time, for no secret
    return [" ".join(rng.choices(words, k=WORDS)).capitalize() + "." for _ in range(count)]


if __name__ == "__main__":
    main()
