"""What the teacher says of all training texts, for the student to learn from beside what people said.

python -m training.language.soften --data DATA --start MPNET --teacher WORK/teacher.pt --out WORK/soft.npz
"""

from pathlib import Path

import numpy as np
import torch

from mien.engines.textnet import EXPRESSED, FELT, TAGS, TOXIC
from training.language.corpus import load, tokenizer
from training.language.network import MEASURES, Encoder, Network
from training.language.train import arguments, read_all

TAGGED = ("sentiment", "entities")
"""Sources whose tags are kept: reviews and editorials are full of names that nobody marked."""

LEFT_OUT = ("toxicity",)
"""Sources whose texts are long, and say enough by themselves."""


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    network = Network(Encoder.published(wanted.start))
    network.load_state_dict(torch.load(wanted.teacher, weights_only=True)["average"])
    shift = 4 if network.encoder.form.relative else 0
    found = {}
    for source in load(wanted.data, tokenizer(wanted.start), "train", wanted.longest):
        if source.name in LEFT_OUT:
            continue
        measures = np.zeros((len(source.texts), MEASURES), np.float16)
        tags = [np.zeros((len(tokens.ids), len(TAGS)), np.float16) for tokens in source.written]
        for some, _, read in read_all(network, source, shift):
            passages = torch.sigmoid(read.passages)
            passages[:, FELT] = torch.softmax(read.passages[:, FELT], 1)
            measures[some] = passages.numpy()
            for i, row in zip(some, torch.softmax(read.tags, -1).numpy(), strict=True):
                tags[i][:] = row[1 : 1 + len(tags[i])]
        found[f"{source.name}.measures"] = measures
        if source.name in TAGGED:
            found[f"{source.name}.tags"] = np.concatenate(tags)
        print(source.name, measures[:, EXPRESSED].mean(), measures[:, TOXIC].mean(), flush=True)
    np.savez(wanted.out, **found)


if __name__ == "__main__":
    main()
