"""The classifier: passages in, calibrated probabilities and consistent labels out, one for one and in order.

Each passage is encoded alone on one thread, several at a time on several threads. A passage's numbers therefore never depend on the
batch it is in, and memory is bounded by a short queue however long the stream is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from entente.errors import BadInput
from models.codebook import Codebook
from models.encoder import MINILM, EncoderFiles, Windows, find_encoder, load_network
from models.features import has_words
from models.heads import HeadWeights, Vector, head_rows
from models.model_file import ADAPTERS, FACTS, HEADS, ModelFacts, read_adapters, read_facts, read_heads
from models.scoring import LabelRules, Scorer
from models.types import PassageText, Prediction

if TYPE_CHECKING:
    from models.reading import Reader

_QUEUED_PER_THREAD = 8
_SCORED_TOGETHER = 8
"""Scoring a few passages at once leaves the threads that read more of the interpreter; each row is computed on its own all the same."""


class _Outputs(NamedTuple):
    """What the heads say of a passage, shape (rows,), and whether its words are familiar."""

    passage: PassageText
    logits: Vector
    familiar: bool


class _Batch(NamedTuple):
    """Passages that were read, those of them (by place) that are being read again, and why the one after them cannot be read."""

    found: list[_Outputs]
    again: dict[int, Future[_Outputs]]
    refused: BadInput | None


class Classifier:
    """A loaded model; made by `Classifier.load`."""

    def __init__(self, facts: ModelFacts, heads: HeadWeights, reader: Reader, codebook: Codebook, threads: int) -> None:
        self.facts = facts
        self.codebook = codebook
        self._heads = heads
        self._reader = reader
        self._scorer = Scorer(codebook, rules_of(facts), facts.version)
        self._threads = threads

    @property
    def version(self) -> str:
        """The model's version name, which goes with every score."""
        return self.facts.version

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages (ISO 639-1) that the model was trained for; what it says about others is a guess."""
        return tuple(self.facts.languages)

    @classmethod
    def load(cls, model_dir: Path, codebook: Codebook, *, threads: int = 2, fast: bool | None = None) -> Classifier:
        """Load a model.

        Args:
            model_dir: a folder written by `models.training.train`.
            codebook: the codebook in use; its version and categories must be the model's.
            threads: how many passages are encoded at a time, at least 1. The results do not depend on it.
            fast: whether to encode in bfloat16; by default where the processor has it.

        Raises:
            BadInput: when the folder is damaged or foreign, or the model belongs to another codebook.
            Unavailable: when there is no model, or its encoder is not on this machine.
        """
        if threads < 1:
            raise BadInput(f"threads = {threads}; it must be at least 1.")
        facts = read_facts(model_dir)
        check_codebook(facts, codebook, model_dir)
        return cls(facts, fitting_heads(model_dir, facts, codebook), _reader(model_dir, facts, fast), codebook, threads)

    def classify(self, passages: Iterable[PassageText]) -> Iterator[Prediction]:
        """Yield one prediction for each passage, in order, while reading ahead only a few passages.

        Sets torch to one thread for an operation, in the whole process: parallelism is over passages.

        Raises:
            BadInput: naming the passage, when its text is empty. What came before it has been yielded.
        """
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="classify", initializer=one_torch_thread)
        waiting: deque[Future[_Outputs]] = deque()
        read: deque[_Batch] = deque()
        try:
            for passage in passages:
                waiting.append(pool.submit(self._outputs, passage))
                if len(waiting) >= _QUEUED_PER_THREAD * self._threads + _SCORED_TOGETHER:
                    read.append(self._batch(waiting, pool))
                    # What is read again stands last in the queue: the batch before is scored meanwhile.
                    if len(read) > 1:
                        yield from self._scored(read.popleft())
            while waiting or read:
                if waiting:
                    read.append(self._batch(waiting, pool))
                yield from self._scored(read.popleft())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _outputs(self, passage: PassageText, *, exact: bool = False) -> _Outputs:
        pooled, counts = self._reader.read(passage, exact=exact)
        # A heading alone says nothing of a text without a word (invisible characters, figures).
        familiar = has_words(passage.text) and self._heads.vocabulary.known_share(counts) >= self.facts.familiar_from
        return _Outputs(passage, self._heads.logits(pooled, counts), familiar)

    def _batch(self, waiting: deque[Future[_Outputs]], pool: ThreadPoolExecutor) -> _Batch:
        """Take the next passages that were read; those that are near ties go back to be read again."""
        found: list[_Outputs] = []
        refused: BadInput | None = None
        for _ in range(min(_SCORED_TOGETHER, len(waiting))):
            try:
                found.append(waiting.popleft().result())
            except BadInput as error:
                refused = error
                break
        again: dict[int, Future[_Outputs]] = {}
        if found and self._reader.is_fast:
            near = np.flatnonzero(self._scorer.near_ties(np.stack([one.logits for one in found])))
            again = {int(row): pool.submit(self._outputs, found[row].passage, exact=True) for row in near}
        return _Batch(found, again, refused)

    def _scored(self, batch: _Batch) -> Iterator[Prediction]:
        """Yield the predictions of some passages; one that cannot be read raises its error after those before it."""
        if batch.found:
            found = [batch.again[row].result() if row in batch.again else one for row, one in enumerate(batch.found)]
            ids, logits = [one.passage.passage_id for one in found], np.stack([one.logits for one in found])
            yield from self._scorer.score(ids, logits, [one.familiar for one in found])
        if batch.refused is not None:
            raise batch.refused


def fitting_heads(model_dir: Path, facts: ModelFacts, codebook: Codebook) -> HeadWeights:
    """Return the heads of a model; raises `BadInput` when they, or the thresholds that go with them, do not fit the codebook."""
    for dimension in codebook.trained_dimensions:
        if dimension.kind == "multi" and not set(dimension.category_ids) <= set(facts.thresholds.get(dimension.id, {})):
            raise BadInput(f"{model_dir / FACTS} lacks thresholds of {dimension.id}. Copy or train the model again.")
    rows = max(part.stop for part in head_rows(codebook).values())
    try:
        return HeadWeights.from_tensors(read_heads(model_dir, facts), rows, facts.encoder.width)
    except ValueError as error:
        raise BadInput(f"{model_dir / HEADS} does not fit the codebook: {error}. Copy or train the model again.") from error


def rules_of(facts: ModelFacts) -> LabelRules:
    """Return how a model's labels follow from its probabilities."""
    return LabelRules(facts.thresholds, facts.offsets, facts.certain_from)


def encoder_of(facts: ModelFacts) -> EncoderFiles:
    """Return the encoder that a model is built on."""
    if (facts.encoder.name, facts.encoder.sha256) == (MINILM.name, MINILM.sha256):
        return MINILM
    return EncoderFiles(facts.encoder.name, facts.encoder.revision, facts.encoder.sha256)


def _reader(model_dir: Path, facts: ModelFacts, fast: bool | None) -> Reader:
    import torch

    from models.reading import Reader

    files = encoder_of(facts)
    folder = find_encoder(files)
    adapters = {name: torch.from_numpy(array) for name, array in read_adapters(model_dir, facts).items()}
    try:
        return Reader(load_network(files, folder), Windows.load(folder), adapters, fast=fast)
    except ValueError as error:
        raise BadInput(f"{model_dir / ADAPTERS} does not fit the encoder: {error}. Copy or train the model again.") from error


def one_torch_thread() -> None:
    """Let torch use one thread for an operation, so that the order of its sums, and with it every bit, is fixed."""
    import torch

    torch.set_num_threads(1)


def check_codebook(facts: ModelFacts, codebook: Codebook, model_dir: Path) -> None:
    """Raise `BadInput` when a model belongs to another version of the codebook or answers with other categories; names both."""
    mine = categories_of(codebook)
    if facts.codebook.version == codebook.version and facts.codebook.categories == mine:
        return
    differing = sorted(
        name for name in {*mine, *facts.codebook.categories} if mine.get(name) != facts.codebook.categories.get(name)
    )
    detail = f" The categories differ in {', '.join(differing)}." if differing else ""
    raise BadInput(
        f"The model {facts.version} in {model_dir} belongs to the codebook version {facts.codebook.version}, in use is "
        f"{codebook.version}.{detail} Use that codebook or train a model for this one with 'entente train'."
    )


def categories_of(codebook: Codebook) -> dict[str, list[str]]:
    """Return the values of each trained dimension, in order: what a model answers with."""
    return {dimension.id: list(dimension.category_ids) for dimension in codebook.trained_dimensions}
