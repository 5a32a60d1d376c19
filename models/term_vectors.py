"""Vectors of single words, made once from the encoder: every piece of its vocabulary encoded alone and reduced to 64 numbers.

So a search by meaning can run in plain SQL, without the encoder. The table ships with Entente (`data/term_vectors.safetensors`) and is made by
`python -m models.term_vectors --write`; a word that the vocabulary lacks is the mean of its pieces. English, as the encoder is.
Method: static vectors by distillation (Model2Vec; Tulkens and van Dongen 2024), reduced by principal components.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from entente.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

DIMENSIONS = 64
TABLE = Path(__file__).parent / "data" / "term_vectors.safetensors"
_BATCH = 256
_ANEW = "Make them anew: python -m models.term_vectors --write."
_WORD = re.compile(r"[a-z]{3,}")


@dataclass(frozen=True, slots=True)
class TermVectors:
    """The vectors of words.

    Attributes:
        version: changes with the encoder and the table.
    """

    version: str
    _tokenizer: Tokenizer
    _pieces: NDArray[np.float32]
    _unknown: int

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Return the whole words of the encoder's vocabulary in order: what may be asked although no passage says it."""
        return tuple(sorted(word for word in self._tokenizer.get_vocab() if _WORD.fullmatch(word)))

    def of(self, terms: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of some words, shape (terms, 64); zeros for a word of which no piece is known, and for numbers."""
        vectors = np.zeros((len(terms), DIMENSIONS), dtype=np.float32)
        for row, pieces in enumerate(self._tokenizer.encode_batch(list(terms), add_special_tokens=False)):
            ids = [one for one in pieces.ids if one != self._unknown]
            if ids and not terms[row].isdigit():
                vectors[row] = self._pieces[ids].mean(axis=0)
        return vectors


def load_term_vectors(path: Path = TABLE) -> TermVectors:
    """Load the table and the encoder's vocabulary.

    Raises:
        Unavailable: when the encoder's files are not on this machine.
        BadInput: when the table is damaged or of another encoder.
    """
    from safetensors import SafetensorError, safe_open
    from tokenizers import Tokenizer

    from models.encoder import MINILM, find_encoder

    folder = find_encoder()
    try:
        with safe_open(path, framework="numpy") as table:
            facts = table.metadata() or {}
            pieces, scale = table.get_tensor("pieces"), table.get_tensor("scale")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    except (SafetensorError, OSError) as error:
        raise BadInput(f"The vectors of words in {path} cannot be read: {error}. {_ANEW}") from error
    if facts.get("encoder") != MINILM.sha256["model.safetensors"]:
        raise BadInput(f"The vectors of words in {path} are of another encoder. {_ANEW}")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    vectors: NDArray[np.float32] = pieces.astype(np.float32) * scale.astype(np.float32)
    return TermVectors(f"{facts['version']}-{digest}", tokenizer, vectors, tokenizer.get_vocab()["[UNK]"])


def reduced(vectors: NDArray[np.float64], dimensions: int = DIMENSIONS) -> NDArray[np.float64]:
    """Return vectors of shape (n, m) in their first principal components, shape (n, dimensions); signs fixed by the largest weight."""
    centred = vectors - vectors.mean(axis=0)
    _values, axes = np.linalg.eigh(centred.T @ centred)
    chosen = axes[:, ::-1][:, :dimensions]
    largest = np.abs(chosen).argmax(axis=0)
    result: NDArray[np.float64] = centred @ (chosen * np.sign(chosen[largest, np.arange(chosen.shape[1])]))
    return result


def make_table(path: Path) -> None:
    """Encode every piece of the encoder's vocabulary and write the table: int8, one scale for all."""
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer

    from models.encoder import MINILM, find_encoder

    folder = find_encoder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    vectors = np.concatenate(list(_encoded(folder, tokenizer))).astype(np.float64)
    real = np.array([_is_said(tokenizer.id_to_token(one) or "[none]") for one in range(len(vectors))])
    small = np.zeros((len(vectors), DIMENSIONS))
    small[real] = reduced(vectors[real])
    scale = np.abs(small).max() / 127
    pieces = np.round(small / scale).astype(np.int8)
    facts = {"encoder": MINILM.sha256["model.safetensors"], "version": f"minilm-pieces-{DIMENSIONS}-1"}
    save_file({"pieces": pieces, "scale": np.array([scale], dtype=np.float32)}, path, metadata=facts)


def _encoded(folder: Path, tokenizer: Tokenizer) -> Iterator[NDArray[np.float32]]:
    import torch

    from models.encoder import MINILM, load_network

    network: Any = load_network(MINILM, folder)
    ids = tokenizer.get_vocab()
    first, last = ids["[CLS]"], ids["[SEP]"]
    with torch.inference_mode():
        for start in range(0, len(ids), _BATCH):
            rows = [[first, one, last] for one in range(start, min(start + _BATCH, len(ids)))]
            states = network(input_ids=torch.tensor(rows)).last_hidden_state.mean(dim=1)
            yield torch.nn.functional.normalize(states, dim=1).numpy()


def _is_said(piece: str) -> bool:
    return not (piece.startswith("[") and len(piece) > 1)


def main() -> None:
    """Make the table that ships with Entente."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", required=True, help=f"write {TABLE.name}")
    parser.parse_args()
    make_table(TABLE)


if __name__ == "__main__":
    main()
