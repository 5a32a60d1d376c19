"""Adaptation of the encoder to the language of official reports, before any code is learned from.

Masked words of unlabelled passages are guessed, and the strongest directions of what that changes in the encoder's blocks are kept (S.
Gururangan et al., Don't Stop Pretraining, 2020). They ship with Entente for the default encoder (`data/adaptation.safetensors`), fine-tuning
begins from them, and a model's adapters hold both. They are made by
`python -m models.adaptation --texts FILE --coded FOLDER --write`, which takes minutes with a GPU and hours without one.

No passage of a document with codes may be among the texts: of one that models are judged on it would flatter the figures; of one that is
trained on it would make held-out passages better known than those of any new report, and calibration would promise too much. The invented
passages that ship are among the texts.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import nn

from entente.errors import BadInput, EntenteError
from entente.files import replacing
from models.adapters import change_tensors, compressed, unfreeze
from models.annotations import read_annotations, read_invented
from models.blocks import Trunk, padded
from models.codebook import Codebook, load_codebook
from models.tuning import batches

if TYPE_CHECKING:
    from models.encoder import EncoderFiles

TABLE = Path(__file__).parent / "data" / "adaptation.safetensors"
_ANEW = "Make it anew: python -m models.adaptation --texts FILE --coded FOLDER --write."


@dataclass(frozen=True, slots=True)
class AdaptationOptions:
    """How an encoder is adapted; the defaults are those of what ships.

    All blocks are trained in full; the `rank` strongest directions of each change are kept. `masked` is the share of words to be guessed: of
    these, eight in ten are hidden, one is replaced by another word and one left as it is. `longest` is the number of tokens after which a
    passage is cut. `head_rate` is the learning rate of what turns states into words.
    """

    rank: int = 96
    epochs: int = 16
    batch: int = 64
    rate: float = 2e-4
    head_rate: float = 1e-3
    warmup: float = 0.06
    masked: float = 0.25
    dropout: float = 0.1
    longest: int = 256


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What guessing needs to know of a tokenizer: the id of the mask, and the first id of an ordinary word piece."""

    mask: int
    first: int


BERT_WORDS = Vocabulary(mask=103, first=1000)
"""Of the BERT vocabulary, whose first thousand ids are special tokens, unused places and single characters."""


def adapt(
    model: Any,
    tokens: Sequence[Sequence[int]],
    options: AdaptationOptions,
    seed: int = 0,
    words: Vocabulary = BERT_WORDS,
    tell: Callable[[int, int, float], None] | None = None,
) -> dict[str, torch.Tensor]:
    """Change an encoder's blocks by guessing masked words, and return the change as `models.adapters.merge` takes it.

    Args:
        model: an encoder of the BERT kind, changed in place.
        tokens: the token ids of each passage, special tokens included.
        options: see `AdaptationOptions`.
        seed: of order, masks and dropout.
        words: which ids may be guessed.
        tell: told of steps done, of all steps, and of the last loss.
    """
    device = next(model.parameters()).device
    torch.manual_seed(seed)
    order = np.random.default_rng(seed)
    whole = unfreeze(model, 0)
    body = list(whole.values())
    before = {name: one.detach().clone() for name, one in whole.items()}
    trunk = Trunk(model, 0)
    embeddings = model.embeddings.word_embeddings.weight.detach().float()
    guess = _Guess(embeddings).to(device)
    groups = [{"params": body, "lr": options.rate}, {"params": list(guess.parameters()), "lr": options.head_rate}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = options.epochs * -(-len(tokens) // options.batch)
    first = max(1, int(options.warmup * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / first, (steps - step) / max(1, steps - first), 1.0)
    )
    parts = [torch.tensor(list(one)[: options.longest]) for one in tokens]
    done = 0
    for _ in range(options.epochs):
        for chosen in batches([len(one) for one in parts], options.batch, order):
            ids, mask = padded([parts[i] for i in chosen], device)
            shown, asked = _hidden(ids, mask, options.masked, words, len(embeddings))
            with torch.autocast(device.type, dtype=torch.bfloat16):
                entering = nn.functional.dropout(model.embeddings(input_ids=shown), options.dropout)
                logits = guess(trunk.states(entering, mask)[asked])
            loss = nn.functional.cross_entropy(logits.float(), ids[asked])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without annotations
            nn.utils.clip_grad_norm_(body, 1.0)
            optimizer.step()
            schedule.step()
            done += 1
            if tell is not None:
                tell(done, steps, float(loss.detach()))
    return compressed(change_tensors(before, whole), options.rank)


def shipped_adaptation(files: EncoderFiles) -> tuple[dict[str, torch.Tensor], str] | None:
    """Return the additions that ship for an encoder and the SHA-256 of their file, or None where there are none for it.

    Raises:
        BadInput: when the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(TABLE, framework="pt") as table:
            facts = table.metadata() or {}
            tensors = {name: table.get_tensor(name) for name in table.keys()}  # noqa: SIM118  # not a mapping
        digest = hashlib.sha256(TABLE.read_bytes()).hexdigest()
    except (SafetensorError, OSError) as error:
        raise BadInput(f"The adaptation of the encoder in {TABLE} cannot be read: {error}. {_ANEW}") from error
    return (tensors, digest) if facts.get("encoder") == files.sha256.get("model.safetensors") else None


def write_adaptation(path: Path, tensors: dict[str, torch.Tensor], facts: dict[str, str]) -> None:
    """Write additions and what they were made from; `facts["encoder"]` is the SHA-256 of the encoder's weights."""
    from safetensors.torch import save

    with replacing(path) as stream:
        stream.write(save({name: one.contiguous() for name, one in sorted(tensors.items())}, metadata=facts))


def read_texts(path: Path, without: Collection[str] = ()) -> list[tuple[str, str]]:
    """Return heading and text of each line of a JSON-lines file, which may be packed with gzip.

    Args:
        path: each line has `text`, and perhaps `heading` and `doc`.
        without: documents (`doc`) whose passages are left out; with any, each line must say its document.

    Raises:
        BadInput: naming a line that is no passage or does not say its document, or when nothing is left.
    """
    found = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    row = json.loads(line)
                    if without and not row.get("doc"):
                        raise BadInput(f"{path} line {number}: no document (doc), so nothing says whether it has codes.")
                    if row.get("doc") not in without:
                        found.append((str(row.get("heading") or ""), str(row["text"])))
                except (json.JSONDecodeError, KeyError, AttributeError, TypeError) as error:
                    raise BadInput(f"{path} line {number}: not a JSON object with a text ({error}).") from error
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error
    if not found:
        raise BadInput(f"{path} has no passages to learn from.")
    return found


def texts_to_adapt_on(path: Path, coded: Path, codebook: Codebook) -> list[tuple[str, str]]:
    """Return what the encoder is adapted on: passages of documents without codes, then the invented ones that ship.

    Args:
        path: passages without codes; see `read_texts`.
        coded: a folder of annotations; documents of its `train.jsonl`, `dev.jsonl` and `gold.jsonl` are left out.
        codebook: what the shipped passages' codes must agree with.

    Raises:
        BadInput: when a file is missing or a line cannot be used.
    """
    parts: tuple[Literal["train", "dev", "gold"], ...] = ("train", "dev", "gold")
    documents = {
        one.document
        for part in parts
        if part == "train" or (coded / f"{part}.jsonl").exists()
        for one in read_annotations(coded, part, codebook)
    }
    return [*read_texts(path, documents), *((one.passage.heading, one.passage.text) for one in read_invented(codebook))]


def main() -> None:
    """Adapt the default encoder to the passages of a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True, help="JSON lines with doc, heading and text, .jsonl or .jsonl.gz")
    parser.add_argument("--coded", type=Path, required=True, help="a folder of annotations, whose documents are left out")
    parser.add_argument("--write", action="store_true", help="replace what ships; otherwise only the loss is shown")
    parser.add_argument("--epochs", type=int, default=AdaptationOptions().epochs)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    from models.encoder import MINILM, Windows, find_encoder, load_network
    from models.features import readable

    options = AdaptationOptions(epochs=given.epochs)
    try:
        codebook = load_codebook(Path(__file__).resolve().parents[1] / "configs" / "codebook.yaml")
        texts, folder = texts_to_adapt_on(given.texts, given.coded, codebook), find_encoder()
    except EntenteError as error:
        print(error, file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    windows = Windows.load(folder)
    tokens = [windows.of(readable(heading), readable(text))[0] for heading, text in texts]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = nn.Module.to(load_network(MINILM, folder), device)
    each = -(-len(tokens) // options.batch)

    def tell(done: int, steps: int, loss: float) -> None:
        if done % each == 0:
            print(f"round {done // each} of {steps // each}: loss {loss:.3f}", file=sys.stderr, flush=True)

    tensors = adapt(model, tokens, options, given.seed, tell=tell)
    if given.write:
        facts = {
            "encoder": MINILM.sha256["model.safetensors"],
            "texts_sha256": _texts_sha256(texts),
            "passages": str(len(tokens)),
            "options": json.dumps(asdict(options), sort_keys=True),
            "seed": str(given.seed),
        }
        write_adaptation(TABLE, tensors, facts)
        print(f"{TABLE.name}: {TABLE.stat().st_size / 1e6:.1f} MB")


def _texts_sha256(texts: Sequence[tuple[str, str]]) -> str:
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()


class _Guess(nn.Module):
    """From states to words: a layer of its own, then the likeness to each word's embedding."""

    def __init__(self, embeddings: torch.Tensor) -> None:
        super().__init__()
        width = embeddings.shape[1]
        self.inner, self.norm = nn.Linear(width, width), nn.LayerNorm(width)
        nn.init.eye_(self.inner.weight)
        nn.init.zeros_(self.inner.bias)
        self.bias = nn.Parameter(torch.zeros(len(embeddings)))
        self.register_buffer("words", embeddings / (embeddings.std() * math.sqrt(width)))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return a score for each word, shape (states, words)."""
        inner = self.norm(nn.functional.gelu(self.inner(states)))
        result: torch.Tensor = inner @ self.words.T + self.bias
        return result


def _hidden(
    ids: torch.Tensor, mask: torch.Tensor, share: float, words: Vocabulary, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what the encoder is shown, and where it is asked."""
    asked = mask & (ids >= words.first) & (torch.rand(ids.shape, device=ids.device) < share)
    fate = torch.rand(ids.shape, device=ids.device)
    shown = torch.where(asked & (fate < 0.8), torch.full_like(ids, words.mask), ids)
    other = torch.randint(words.first, count, ids.shape, device=ids.device)
    return torch.where(asked & (fate >= 0.8) & (fate < 0.9), other, shown), asked


if __name__ == "__main__":
    main()
