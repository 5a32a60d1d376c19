"""Fine-tuning so that every passage is once held out: one training a fold, and one on everything, or the mean of the folds', as the model.

The outputs for held-out passages are what calibration, offsets and thresholds are chosen on. All trainings begin at the same place, so that
their mean is a model and not a mixture of strangers; a training on everything costs half as much again and reads a little better.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from entente.files import replacing
from models.adapters import added, averaged, compressed, dense, merge
from models.annotations import AnnotatedPassage
from models.blocks import Trunk
from models.codebook import Codebook
from models.encoder import EncoderFiles, Windows, load_network
from models.features import readable
from models.head_training import EncoderView
from models.splits import Fold
from models.targets import Target, targets
from models.tuning import TuningOptions, fine_tune, lower_parts, outputs

Tell = Callable[[str, int, int], None]
_WEIGHT, _BIAS, _HELD_OUT, _SECONDS, _DEVICE = _OWN = ("head.weight", "head.bias", "held_out", "seconds", "device")


@dataclass(frozen=True, slots=True)
class CrossFitted:
    """The adapters of the model, its heads with the held-out outputs, the seconds spent before an interruption, and on what it was made."""

    adapters: dict[str, torch.Tensor]
    view: EncoderView
    seconds_before: float = 0.0
    fine_tuned_on: str = ""


def cross_fit(
    codebook: Codebook,
    passages: Sequence[AnnotatedPassage],
    folds: Sequence[Fold],
    encoder: tuple[EncoderFiles, Path],
    options: TuningOptions,
    seed: int,
    tell: Tell,
    keep: Path | None = None,
    adaptation: Mapping[str, torch.Tensor] | None = None,
) -> CrossFitted:
    """Fine-tune once a fold, and on everything or average.

    Args:
        codebook: dimensions and categories.
        passages: coded passages to train on.
        folds: pairs of rows (train, test).
        encoder: which, and the folder of its checked files.
        options: how to fine-tune.
        seed: of order and dropout.
        tell: told of the steps.
        keep: a folder in which each finished fold is kept, so that a training that was interrupted goes on with the next one.
        adaptation: adapters that all trainings begin from (see `models.adaptation`); what is returned holds them too.
    """
    files, folder = encoder
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    parts: list[torch.Tensor] = []
    weights = np.array([1.0 if one.origin == "real" else options.invented_weight for one in passages])
    rounds = list(folds)
    if options.refit:
        rounds.append((np.arange(len(passages), dtype=np.intp), np.zeros(0, dtype=np.intp)))
    steps_of = [options.epochs * -(-len(train) // options.batch) for train, _test in rounds]
    done = []
    seconds_before = 0.0
    for number, (train, test) in enumerate(rounds):
        path = None if keep is None else keep / f"fold-{number}.safetensors"
        fold = _read(path) if path is not None else None
        if fold is not None:
            seconds_before += float(fold[_SECONDS])
        else:
            start = time.perf_counter()
            if not parts:
                tell("reading training passages", 0, len(passages))
                windows, trunk = Windows.load(folder), Trunk(_network(files, folder, device, adaptation), options.first_layer)
                parts = lower_parts(trunk, [first_window(windows, one) for one in passages])
            fold = _train(
                Trunk(_network(files, folder, device, adaptation), options.first_layer),
                parts,
                targets(codebook, [passages[i] for i in train], options.balance),
                (train, test),
                weights,
                options,
                seed,
                adaptation or {},
                lambda: load_network(files, folder),
                lambda step, _steps, k=number: tell("fine-tuning", sum(steps_of[:k]) + step, sum(steps_of)),  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            )
            fold[_SECONDS] = torch.tensor(time.perf_counter() - start)
            fold[_DEVICE] = torch.tensor(list(_named(device).encode()), dtype=torch.uint8)
            if path is not None:
                _write(path, fold)
        done.append(fold)
    held_out = np.zeros((len(passages), done[0][_HELD_OUT].shape[1]), dtype=np.float32)
    for (_, test), fold in zip(rounds, done, strict=True):
        held_out[test] = fold[_HELD_OUT].numpy()
    members = done[-1:] if options.refit else done
    adapters = averaged([{name: one for name, one in fold.items() if name not in _OWN} for fold in members])
    weight, bias = (np.stack([fold[name].numpy() for fold in members]).mean(axis=0) for name in (_WEIGHT, _BIAS))
    return CrossFitted(adapters, EncoderView(weight=weight, bias=bias, out_of_fold=held_out), seconds_before, _said(done))


def _named(device: torch.device) -> str:
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "a processor"
    return f"{where}, torch {torch.__version__}"


def _said(folds: Sequence[Mapping[str, torch.Tensor]]) -> str:
    """Return on what the trainings were made, each device once: one that was interrupted may go on elsewhere."""
    return "; ".join(sorted({bytes(fold[_DEVICE].tolist()).decode() for fold in folds}))


def _network(
    files: EncoderFiles, folder: Path, device: torch.device, adaptation: Mapping[str, torch.Tensor] | None
) -> torch.nn.Module:
    model = load_network(files, folder)
    merge(model, adaptation or {})
    network: torch.nn.Module = torch.nn.Module.to(model, device)
    return network


def _train(
    trunk: Trunk,
    parts: Sequence[torch.Tensor],
    wanted: Sequence[Target],
    fold: Fold,
    weights: NDArray[np.float64],
    options: TuningOptions,
    seed: int,
    adaptation: Mapping[str, torch.Tensor],
    plain: Callable[[], torch.nn.Module],
    tell: Callable[[int, int], None],
) -> dict[str, torch.Tensor]:
    """Train on one fold; return the adapters (what training began from included), the heads and the outputs for passages held out."""
    train, test = fold
    own, other = [parts[i] for i in train], [parts[i] for i in test]
    tuned = fine_tune(trunk, own, wanted, weights[train], options, seed, held_out=() if options.full else other, tell=tell)
    adapters, held_out = added(adaptation, tuned.adapters), tuned.held_out
    if options.full:
        # What is cut away counts: held-out passages are read by what is kept, as all others will be.
        adapters = compressed(added(dense(adaptation), tuned.adapters), options.rank)
        kept = plain()
        merge(kept, adapters)
        head = torch.nn.Linear(tuned.weight.shape[1], tuned.weight.shape[0])
        head.weight.data, head.bias.data = torch.from_numpy(tuned.weight), torch.from_numpy(tuned.bias)
        held_out = outputs(Trunk(torch.nn.Module.to(kept, trunk.device), options.first_layer), head, other)
    heads = {_WEIGHT: tuned.weight, _BIAS: tuned.bias, _HELD_OUT: held_out}
    return {**adapters, **{name: torch.from_numpy(np.ascontiguousarray(one)) for name, one in heads.items()}}


def _read(path: Path) -> dict[str, torch.Tensor] | None:
    """Return what an interrupted training has left of a fold, if it is there and whole."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found: dict[str, torch.Tensor] = load_file(path)
    except (OSError, SafetensorError):
        return None
    return found if set(_OWN) <= set(found) else None


def _write(path: Path, fold: Mapping[str, torch.Tensor]) -> None:
    from safetensors.torch import save

    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as stream:
        stream.write(save({name: one.contiguous().cpu() for name, one in fold.items()}))


def first_window(windows: Windows, one: AnnotatedPassage) -> list[int]:
    """Return the token ids of the first window of a passage; passages of the codebook's length have just one."""
    return windows.of(readable(one.passage.heading), readable(one.passage.text))[0]
