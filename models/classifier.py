"""The classifier: passages in, calibrated probabilities and consistent labels out, one for one and in order.

Each passage is encoded alone on one thread, several at a time on several threads. A passage's numbers therefore never depend on the
batch it is in, and memory is bounded by a short queue however long the stream is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from entente.errors import BadInput
from models.codebook import Codebook
from models.encoder import MINILM, Encoder, find_encoder
from models.features import FeatureMaker
from models.heads import HeadWeights, head_rows
from models.model_file import HEADS, ModelFacts, read_facts, read_heads
from models.scoring import Scorer
from models.types import PassageText, Prediction

_QUEUED_PER_THREAD = 8


class Classifier:
    """A loaded model; made by `Classifier.load`."""

    def __init__(self, facts: ModelFacts, heads: HeadWeights, maker: FeatureMaker, codebook: Codebook, threads: int) -> None:
        self.facts = facts
        self.codebook = codebook
        self._heads = heads
        self._maker = maker
        self._scorer = Scorer(codebook, facts.thresholds, facts.version)
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
    def load(cls, model_dir: Path, codebook: Codebook, *, threads: int = 2) -> Classifier:
        """Load a model.

        Args:
            model_dir: a folder written by `models.training.train`.
            codebook: the codebook in use; its version and categories must be the model's.
            threads: how many passages are encoded at a time, at least 1. The results do not depend on it.

        Raises:
            BadInput: when the folder is damaged or foreign, or the model belongs to another codebook.
            Unavailable: when there is no model, or its encoder is not on this machine.
        """
        if threads < 1:
            raise BadInput(f"threads = {threads}; it must be at least 1.")
        facts = read_facts(model_dir)
        check_codebook(facts, codebook, model_dir)
        if (facts.encoder.name, facts.encoder.sha256) != (MINILM.name, MINILM.sha256):
            raise BadInput(
                f"The model {facts.version} in {model_dir} was trained on the encoder {facts.encoder.name} at revision "
                f"{facts.encoder.revision}; this Entente runs {MINILM.name}. Train a model anew with 'entente train'."
            )
        rows = max(part.stop for part in head_rows(codebook).values())
        try:
            heads = HeadWeights.from_tensors(read_heads(model_dir, facts), rows)
        except ValueError as error:
            raise BadInput(f"{model_dir / HEADS} does not fit the codebook: {error}. Copy or train the model again.") from error
        return cls(facts, heads, FeatureMaker(Encoder.load(find_encoder())), codebook, threads)

    def classify(self, passages: Iterable[PassageText]) -> Iterator[Prediction]:
        """Yield one prediction for each passage, in order, while reading ahead only a few passages.

        Sets torch to one thread for an operation, in the whole process: parallelism is over passages.

        Raises:
            BadInput: naming the passage, when its text is empty. What came before it has been yielded.
        """
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="classify", initializer=one_torch_thread)
        waiting: deque[Future[Prediction]] = deque()
        try:
            for passage in passages:
                waiting.append(pool.submit(self._predict, passage))
                if len(waiting) >= _QUEUED_PER_THREAD * self._threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _predict(self, passage: PassageText) -> Prediction:
        logits = self._heads.logits(self._maker.features(passage))
        return self._scorer.score([passage.passage_id], logits[None])[0]


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
