"""Print every figure of the cards, from the shipped networks.

    python -m training.face.evaluate --data DATA [--work WORK] [--development]

FER+ valid and the held-out rated faces had no part in training or in any choice; no picture alike to one
of them had. With WORK, in which `training.face.meshes` has laid meshes, figures by head turn and those of
the facemesh network are printed too.
"""

import argparse
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from training.face.data import CLASSES, NAMES, PARTS, VOTES, Faces, read

Floats = NDArray[np.float32]
WEIGHTS = Path(__file__).parents[2] / "src" / "mien" / "weights"
PREVALENCE = {"expressions": 0.02, "facs": 0.03, "descriptions": 0.02}
"""Share of the faces that must show a name at all for it to count in a mean."""

UNITS = ("AU12 Lip Corner Puller", "AU25 Lips Part", "AU4 Brow Lowerer", "AU43 Eye Closure")


def session_of(model: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def scores(session: onnxruntime.InferenceSession, images: NDArray[np.generic]) -> dict[str, Floats]:
    """Each output for all images."""
    names = [*PARTS, "votes"]
    parts = [
        session.run(names, {"faces": images[k : k + 256].astype(np.float32)})
        for k in range(0, len(images), 256)
    ]
    return {
        name: np.concatenate(tables) for name, tables in zip(names, zip(*parts, strict=True), strict=True)
    }


def correlations(said: Floats, truth: Floats) -> Floats:
    """(names,) Pearson's r; not a number where nothing varies."""
    with np.errstate(invalid="ignore", divide="ignore"):
        a, b = said - said.mean(0), truth - truth.mean(0)
        found: Floats = (a * b).sum(0) / np.sqrt((a * a).sum(0) * (b * b).sum(0))
    return found


def counted(truth: Floats, part: str) -> NDArray[np.bool_]:
    """The names that enough faces show."""
    return (truth > 0).mean(0) >= PREVALENCE[part]


def mean_r(said: Floats, truth: Floats, part: str, kept: NDArray[np.bool_] | None = None) -> float:
    kept = counted(truth, part) if kept is None else kept
    return float(np.nanmean(correlations(said[:, kept], truth[:, kept])))


def in_top(said: Floats, truth: Floats) -> NDArray[np.bool_]:
    """Whether the highest score is among the raters' three highest names, of faces rated at all."""
    rated = truth.max(1) > 0
    third = np.sort(truth[rated], axis=1)[:, -3]
    first = said[rated].argmax(1)
    found: NDArray[np.bool_] = (truth[rated][np.arange(rated.sum()), first] >= third) & (
        truth[rated][np.arange(rated.sum()), first] > 0
    )
    return found


def votes(session: onnxruntime.InferenceSession, faces: Faces, rows: NDArray[np.int64]) -> None:
    said = scores(session, faces.images[rows])["votes"][:, :CLASSES].argmax(1)
    truth = faces.votes[rows, :CLASSES].argmax(1)
    right = said == truth
    low, high = interval(lambda draw: right[draw].mean(), len(rows))
    print(
        f"\nFER+, {len(rows)} faces, majority of 8 classes: accuracy {right.mean():.3f} [{low:.3f}, {high:.3f}]"
    )
    print(
        "  "
        + ", ".join(
            f"{VOTES[k]} {right[truth == k].mean():.2f} of {(truth == k).sum()}"
            for k in range(CLASSES)
            if (truth == k).any()
        )
    )
    print("  constant answer " + f"{np.bincount(truth).max() / len(truth):.3f}")
    agreed = faces.votes[rows, :CLASSES].max(1) > 0.5
    print(
        f"  the {agreed.sum()} faces on which more than half of all voted for one: {right[agreed].mean():.3f}"
    )


def interval(figure, count: int, times: int = 300) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """95 %, bootstrap over faces."""
    rng = np.random.default_rng(0)
    found = [figure(rng.integers(0, count, count)) for _ in range(times)]
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return float(low), float(high)


def rated(session: onnxruntime.InferenceSession, faces: Faces, rows: NDArray[np.int64]) -> None:
    said, truth = scores(session, faces.images[rows]), faces.ratings[rows]
    print(f"\n{len(rows)} rated faces")
    for part, columns in PARTS.items():
        one, other = said[part], truth[:, columns]
        kept = counted(other, part)
        low, high = interval(lambda draw: mean_r(one[draw], other[draw], part, kept), len(rows))  # noqa: B023
        print(
            f"  {part}: mean r {mean_r(one, other, part):.3f} [{low:.3f}, {high:.3f}] over {kept.sum()} names"
        )
        named = zip(NAMES[columns], correlations(one, other), (other > 0).mean(0), strict=True)
        print("    " + ", ".join(f"{name} {r:.2f} ({share:.0%})" for name, r, share in named if share > 0))
    hit = in_top(said["expressions"], truth[:, PARTS["expressions"]])
    low, high = interval(lambda draw: hit[draw].mean(), len(hit))
    print(f"  highest expression among the raters' three highest: {hit.mean():.3f} [{low:.3f}, {high:.3f}]")
    r = dict(zip(NAMES[PARTS["facs"]], correlations(said["facs"], truth[:, PARTS["facs"]]), strict=True))
    print("  " + ", ".join(f"{name.split()[0]} {r[name]:.3f}" for name in UNITS))
    print("  what raters gave where the score was, all 48 expressions:")
    flat, real = said["expressions"].ravel(), truth[:, PARTS["expressions"]].ravel()
    for low, high in pairwise([0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.01]):
        inside = (flat >= low) & (flat < high)
        if inside.any():
            print(
                f"    {low:.2f}–{min(high, 1):.2f}: mean score {flat[inside].mean():.3f}, ratings {real[inside].mean():.3f}, {inside.sum()} cases"
            )


def worse(session: onnxruntime.InferenceSession, faces: Faces, rows: NDArray[np.int64]) -> None:
    """Small, blurred, dark and covered faces."""
    images, truth = faces.images[rows].astype(np.float32), faces.ratings[rows]
    kinds = {"as they are": images}
    for side in (24, 16, 12):
        block = 48 // side
        small = images.reshape(len(images), side, block, side, block).mean((2, 4))
        kinds[f"from {side} pixels"] = small.repeat(block, 1).repeat(block, 2)
    for sigma in (0.7, 1.2):
        kinds[f"blurred, σ {sigma} of the 48 pixels"] = gaussian_filter(images, (0, sigma, sigma))
    kinds["a third of the contrast"] = images / 3 + 80
    lower = images.copy()
    lower[:, 32:] = 128
    kinds["lower third covered"] = lower
    print("\nmean r of expressions, action units, descriptions on")
    for kind, changed in kinds.items():
        said = scores(session, changed)
        print(f"  {kind}: " + ", ".join(f"{mean_r(said[p], truth[:, c], p):.3f}" for p, c in PARTS.items()))


def turned(session: onnxruntime.InferenceSession, faces: Faces, rows: NDArray[np.int64], work: Path) -> None:
    """By head turn, and what the facemesh network sees in the same faces."""
    meshes = np.load(work / "meshes.npz")
    mine = np.isin(meshes["rows"], rows)
    rows, points = meshes["rows"][mine], meshes["points"][mine]
    said, truth = scores(session, faces.images[rows]), faces.ratings[rows]
    # how far the nose lies from the middle between the cheeks, in half widths of the face
    cheeks, nose = points[:, [234, 454], 0], points[:, 1, 0]
    turn = np.abs((nose - cheeks.mean(1)) / np.maximum(np.ptp(cheeks, axis=1) / 2, 1e-6))
    print(f"\n{len(rows)} of the rated faces have a mesh; by head turn:")
    for low, high, name in ((0, 0.2, "frontal"), (0.2, 0.5, "turned"), (0.5, 9, "far turned")):
        some = (turn >= low) & (turn < high)
        if some.sum() > 30:
            print(
                f"  {name}, {some.sum()} faces: "
                + ", ".join(
                    f"{p} {mean_r(said[p][some], truth[some][:, c], p):.3f}" for p, c in PARTS.items()
                )
            )
    network = session_of(WEIGHTS / "facemesh.onnx")
    seen, shapes = network.run(["expressions", "shapes"], {"points": points})
    alike = correlations(shapes, meshes["shapes"][mine])
    moves = meshes["shapes"][mine].std(0) >= 0.01
    print(
        f"blendshapes against their teacher: mean r {np.nanmean(alike):.3f} over all 52,"
        f" {np.nanmean(alike[moves]):.3f} over the {moves.sum()} that vary by .01 or more;"
        f" lowest {np.nanmin(alike[moves]):.3f}"
    )
    real = truth[:, PARTS["expressions"]]
    kept = counted(real, "expressions")
    low, high = interval(lambda draw: mean_r(seen[draw], real[draw], "expressions", kept), len(rows))
    print(f"facemesh network: mean r {mean_r(seen, real, 'expressions'):.3f} [{low:.3f}, {high:.3f}]")
    hit = in_top(seen, real)
    print(f"  highest expression among the raters' three highest: {hit.mean():.3f}")
    wide = points * np.array([9 / 16, 1, 9 / 16], np.float32)  # as fractions of a wide picture; z goes with x
    other = network.run(["expressions"], {"points": wide})[0]
    print(f"  the same in fractions of a 16:9 picture: mean r {mean_r(other, real, 'expressions'):.3f}")


def speed(session: onnxruntime.InferenceSession) -> None:
    print("\nSpeed on one thread, processor time, median of 20")
    for count in (1, 16):
        given = {"faces": np.random.default_rng(0).uniform(0, 255, (count, 48, 48)).astype(np.float32)}
        times = []
        for _ in range(21):
            begin = time.process_time()
            session.run(list(PARTS), given)
            times.append(time.process_time() - begin)
        print(f"  {count} faces: {np.median(times[1:]) * 1000:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--model", type=Path, default=WEIGHTS / "face.onnx")
    parser.add_argument(
        "--development", action="store_true", help="the faces to choose by, not those to report on"
    )
    wanted = parser.parse_args()
    if wanted.work and not (wanted.work / "meshes.npz").exists():
        parser.error(f"{wanted.work} has no meshes.npz: run training.face.meshes, or leave out --work")
    session, faces = session_of(wanted.model), read(wanted.data)
    rows = faces.development if wanted.development else faces.held_out
    votes(session, faces, faces.voted_development if wanted.development else faces.valid)
    rated(session, faces, rows)
    worse(session, faces, rows)
    if wanted.work:
        turned(session, faces, rows, wanted.work)
    speed(session)


if __name__ == "__main__":
    main()
