"""The model card, written from the facts of `model.json` and from nothing else."""

from __future__ import annotations

from typing import Any

from models.agreement import two_digits
from models.model_file import NO_PROMISE, ModelFacts

_ORIGINS = {
    "invented": "passages invented for Entente in the style of ILO and UN reports, written and coded by language models",
    "codebook": "the codebook's own example bank",
    "real": "coded passages of real reports (the texts are not part of the project)",
}


def model_card(facts: ModelFacts) -> str:
    """Return the text of `MODEL_CARD.md`."""
    real = any(one.name == "real" for one in facts.data)
    lines = [
        f"# Model card: {facts.version}",
        "",
        f"Codes passages of official reports by the codebook `{facts.codebook.name}` version {facts.codebook.version}: calibrated "
        f"probabilities and consistent labels for {', '.join(facts.codebook.categories)}. Made {facts.created} by `entente train`.",
        "",
        "## What it is",
        "",
        f"The encoder {facts.encoder.name} (revision {facts.encoder.revision}), {_tuning(facts)}, with one linear head a "
        "category; beside it word n-grams (stored as hashes; those found in fewer than three training documents are left out). The two are "
        f"mixed and calibrated on {_held_out(facts)}. Input: heading and text of a passage. Country, year, mission and symbol "
        "are never input. Labels are the combination with the highest probability, rare categories favoured a little, that the codebook's "
        "constraints allow.",
        "",
        "## Intended use",
        "",
        "Counting and comparing over many passages, with the errors below taken into account. Not for judging a single passage, a person "
        "or a country. A label says what a passage reports, not what is true.",
        "",
        "## Training data and coders",
        "",
        "| source | passages | documents | SHA-256 |",
        "| --- | ---: | ---: | --- |",
    ]
    for one in facts.data:
        hashes = "; ".join(f"{name} `{value}`" for name, value in one.sha256.items()) or "-"
        lines.append(f"| {_ORIGINS.get(one.name, one.name)} | {one.passages} | {one.documents} | {hashes} |")
    if kept := facts.training.get("heads_on"):
        lines += [
            "",
            f"These are what the heads were trained on. The encoder is that of {kept} and has learned from that model's passages too: see "
            "its card.",
        ]
    if left_out := facts.training.get("left_out_because_in_dev"):
        lines += ["", f"Left out of training because the same text stands in dev too: {left_out}."]
    lines += [
        "",
        _coders_said(facts.training["coders"])
        if facts.training.get("coders")
        else "**The coders were language models applying the codebook. No person has coded these passages**, the real ones or the "
        "invented ones. Runs of one model share their errors, so agreement with these codes overstates agreement with people."
        if real
        else "**The codes were made by language models applying the codebook. No person has coded these passages**, and none of them is "
        "from a real report.",
        "",
        "## Languages and limits",
        "",
        f"Trained on {', '.join(facts.languages)} only; for other languages its answers are guesses. "
        + (
            f"Whose documents the real passages are of: {_counted(facts.training['organizations'])}; the style of others is known from "
            "invented passages only. "
            if facts.training.get("organizations")
            else "The real passages are United Nations documents; the style of the ILO is known from invented passages only. "
            if real
            else "Trained on invented passages only: expect much lower figures on real reports. "
        )
        + "Rare categories (see the counts) are found poorly. A text longer than the encoder's window is read in parts. A passage fewer than "
        f"{100 * facts.familiar_from:.0f} in a hundred of whose word n-grams are known is marked as unfamiliar.",
        "",
        "## When it abstains",
        "",
        *_promise(facts),
        "",
    ]
    lines += ["## Training codes", "", "| dimension | counts |", "| --- | --- |"]
    for name, counts in facts.labels.items():
        lines.append(f"| {name} | {', '.join(f'{category} {count}' for category, count in counts.items())} |")
    if "dev" in facts.metrics:
        lines += [
            "",
            "## Figures on dev: passages kept apart from training",
            "",
            _apart(facts),
            "",
            *_table(facts.metrics["dev"]),
        ]
        lines += ["", *_categories(facts.metrics["dev"])]
    if "cross_validated" in facts.metrics:
        lines += [
            "",
            "## Figures by cross-validation over training documents and countries",
            "",
            "**They tell nothing of unseen documents:** the encoder was fine-tuned on these, and on their codes. Go by the figures on dev."
            if facts.training.get("heads_on")
            else "Choice and calibration used the same folds, so these flatter a little.",
            "",
            *_table(facts.metrics["cross_validated"]),
        ]
    libraries = ", ".join(f"{name} {version}" for name, version in facts.libraries.items())
    lines += [
        "",
        "## Making it again",
        "",
        f"Seed {facts.seed}, {facts.training.get('threads')} threads; {libraries}. Heads: SHA-256 `{facts.heads_sha256}`; "
        f"adapters: SHA-256 `{facts.adapters_sha256}`. Everything else is in `model.json`. Training gives the same bytes on the same kind of "
        "machine only, elsewhere a model as good.",
        "",
    ]
    return "\n".join(lines)


def _held_out(facts: ModelFacts) -> str:
    """Return on what documents the heads were calibrated."""
    if facts.training.get("heads_on"):
        return "documents held out from the heads, which the encoder knows"
    return "documents held out in training"


def _tuning(facts: ModelFacts) -> str:
    """Return in words how the encoder came to be what it is."""
    if kept := facts.training.get("heads_on"):
        return f"as the model {kept} adapted it"
    tuning = facts.training.get("tuning", {})
    before = (
        "adapted to reports by guessing masked words of passages without codes, then " if facts.training.get("adaptation") else ""
    )
    where = f" (on {facts.training['fine_tuned_on']})" if facts.training.get("fine_tuned_on") else ""
    if tuning.get("full"):
        return (
            f"{before}fine-tuned in full from block {tuning['first_layer']} on, the change kept in its {tuning['rank']} strongest "
            f"directions{where}"
        )
    return f"{before}fine-tuned by low-rank adapters{where}"


def _apart(facts: ModelFacts) -> str:
    """Return how far the passages of dev are from those of training, as counted; an older Entente did not count."""
    text = (
        "What is learned and chosen (weights, mixture, offsets, thresholds) is chosen on training documents. Who compares models by these "
        "figures has seen them: passages that nobody has looked at may fare worse."
    )
    shares = facts.training.get("dev_shares")
    if shares is None:
        return text
    return (
        f"{text} Of the {facts.metrics['dev']['passages']} passages {shares['documents']} are of a document and {shares['countries']} about a "
        f"country that training passages are of too{' (not counting those of the encoder)' if facts.training.get('heads_on') else ''}."
    )


def _counted(numbers: dict[str, int]) -> str:
    return "; ".join(f"{name}: {number}" for name, number in numbers.items())


def _promise(facts: ModelFacts) -> list[str]:
    if facts.training.get("promise") == NO_PROMISE:
        return [
            "It promises nothing: no label is marked as certain. The encoder was adapted on documents that the heads were calibrated on, so "
            "that there are none on which a rate of error could be checked. For the same reason its probabilities are too sure: the calibration "
            "error on dev, where there is one, tells by how much."
        ]
    return [
        f"Labels marked as certain promise at most {100 * facts.promised_error:.0f} errors in a hundred. From the probabilities below they "
        "kept it on passages of documents and countries held out in training: all together by upper bounds that hold, at 90 %, for all "
        "dimensions at once, each type of document of which there were thirty passages by its share, both with a margin. The rest belongs "
        "before a person.",
        *_too_few_real(facts.training.get("calibrated_on", {})),
        "",
        "| dimension | certain from |",
        "| --- | ---: |",
        *(f"| {name} | {'never' if value > 1 else f'{value:.2f}'} |" for name, value in facts.certain_from.items()),
    ]


def _too_few_real(calibrated_on: dict[str, int]) -> list[str]:
    """Return a warning where calibration and promise rest on passages that are not of reports."""
    other = sum(count for origin, count in calibrated_on.items() if origin != "real")
    if not other:
        return []
    return [
        "",
        f"**Real passages were too few for that: of the {sum(calibrated_on.values())} held-out passages {other} are invented ones or the "
        "codebook's.** On reports expect more errors, and probabilities that are too sure.",
    ]


def _table(report: dict[str, Any]) -> list[str]:
    lines = [
        f"{report['passages']} passages of {report['documents']} documents; 95 % intervals by bootstrap over documents.",
        "",
        "| dimension | macro F1 | interval | majority | accuracy | Krippendorff's alpha | calibration error |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for name, one in report["dimensions"].items():
        lines.append(
            f"| {name} | {two_digits(one['macro_f1'])} | {one['interval'][0]:.2f} to {one['interval'][1]:.2f} "
            f"| {two_digits(one['majority_f1'])} | {one['accuracy']:.2f} | {two_digits(one['alpha'])} | {one['calibration_error']:.3f} |"
        )
    return lines


def _categories(report: dict[str, Any]) -> list[str]:
    lines = ["| dimension | category | precision | recall | F1 | support |", "| --- | --- | ---: | ---: | ---: | ---: |"]
    for name, one in report["dimensions"].items():
        lines += [
            f"| {name} | {category} | {s['precision']:.2f} | {s['recall']:.2f} | {s['f1']:.2f} | {s['support']} |"
            for category, s in one["categories"].items()
        ]
    return lines


def _coders_said(coders: dict[str, int]) -> str:
    """Return whose codes the real passages have, as the project says."""
    return (
        f"Whose codes the real passages have, as the project says: {_counted(coders)}. **The invented passages and the codebook's examples "
        "were coded by language models**, which share their errors."
    )
