"""A whisper model in CTranslate2's own format, made on the spot, that says what it is told to.

Every weight is zero but those that lead from the place of a token to the token itself: whatever it
hears, it writes the same text, as surely as wanted. The files are those of a real model, so that
what reads them is tested for real.
"""

import json
from pathlib import Path

import numpy as np
from ctranslate2.specs import WhisperSpec
from ctranslate2.specs.model_spec import visit_spec
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

PROMPT = 4  # tokens before the text: its beginning, language, task and mode
DEPTH, PLACES, MELS = 32, 448, 80
TOKENS = 51_865  # by this number, or by its empty token, CTranslate2 knows a model of many languages
LANGUAGES = ("en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt", "sv", "nn", "haw")


def write(
    folder: Path,
    text: str = " Hello there.",
    sureness: float = 12.0,
    language: str = "en",
    silence: float = 0.0,
) -> Path:
    """Write the model's files: `sureness` and `silence` are logits, of its text and of no speech."""
    folder.mkdir(parents=True)
    tokenizer = _tokenizer(text.split(" "))
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = tokenizer.get_vocab()
    said = [*tokenizer.encode(text, add_special_tokens=False).ids, ids["<|endoftext|>"]]
    spec = WhisperSpec(1, 1, 1, 1)
    visit_spec(spec, lambda owner, name, value: _zero(owner, name, value, TOKENS))
    heard = np.zeros((1500, DEPTH), np.float32)  # fiftieths of a second
    for place in range(PROMPT - 1, DEPTH):  # a token is heard where the one before it stands
        heard[(place - PROMPT + 1) * 25 : (place - PROMPT + 2) * 25, place] = 1.0
    spec.encoder.position_encodings.encodings = heard
    attention = spec.decoder.layer[0].attention
    attention.linear[0].weight = np.eye(DEPTH, dtype=np.float32)
    attention.linear[1].weight = np.eye(2 * DEPTH, DEPTH, dtype=np.float32)
    spec.decoder.position_encodings.encodings = np.eye(PLACES, DEPTH, dtype=np.float32)
    normed = np.sqrt(DEPTH - 1)  # what is left of a one after the layer norm
    projection = np.zeros((TOKENS, DEPTH), np.float32)
    projection[ids[f"<|{language}|>"], 0] = 8.0 / normed
    projection[ids["<|nospeech|>"], 0] = silence / normed
    for place, token in enumerate(said, start=PROMPT - 1):
        projection[token, place] = sureness / normed
    spec.decoder.projection.weight = projection
    spec.register_vocabulary(sorted(ids, key=ids.__getitem__))
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [ids["<|endoftext|>"]]
    spec.config.lang_ids = [ids[f"<|{tag}|>"] for tag in LANGUAGES]
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.optimize("int8")
    spec.save(str(folder))
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": MELS}))
    return folder


def _tokenizer(words: list[str]) -> Tokenizer:
    """Bytes, the words with the space before them, and whisper's own signs."""
    vocabulary = {letter: i for i, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    merges = []
    for word in filter(None, words):
        letters = "".join(piece for piece, _ in pre_tokenizers.ByteLevel(False).pre_tokenize_str(f" {word}"))
        for end in range(2, len(letters) + 1):
            merge = (letters[: end - 1], letters[end - 1])
            if letters[:end] not in vocabulary:
                vocabulary[letters[:end]] = len(vocabulary)
                merges.append(merge)
    signs = ["endoftext", "startoftranscript", *LANGUAGES, "translate", "transcribe", "startoflm"]
    signs += ["startofprev", "nospeech", "notimestamps", *(f"{i * 0.02:.2f}" for i in range(1501))]
    vocabulary[""] = len(vocabulary)
    for i in range(len(vocabulary), TOKENS - len(signs)):
        vocabulary[f"unused {i}"] = i
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(f"<|{sign}|>", special=True) for sign in signs])
    return tokenizer


def _zero(owner: object, name: str, value: object, tokens: int) -> None:
    """Give a weight that must have a value zeros of its shape; norms do nothing but norm."""
    if value is None:
        field = name.rsplit("/", 1)[-1]
        shape = next(shape for end, shape in _shapes(tokens).items() if name.endswith(end))
        setattr(owner, field, (np.ones if field == "gamma" else np.zeros)(shape, np.float32))


def _shapes(tokens: int) -> dict[str, tuple[int, ...]]:
    return {
        "gamma": (DEPTH,),
        "beta": (DEPTH,),
        "conv1/weight": (DEPTH, MELS, 3),
        "conv2/weight": (DEPTH, DEPTH, 3),
        "self_attention/linear_0/weight": (3 * DEPTH, DEPTH),  # queries, keys and values
        "attention/linear_1/weight": (2 * DEPTH, DEPTH),  # keys and values
        "embeddings/weight": (tokens, DEPTH),
        "projection/weight": (tokens, DEPTH),
        "weight": (DEPTH, DEPTH),
    }
