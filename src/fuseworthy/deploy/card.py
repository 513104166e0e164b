"""What a model's card says, as facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fuseworthy.report.card import render_card

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model


def card_of(model: Model, versions: dict[str, str]) -> str:
    """The model card in Markdown."""
    return render_card(card_facts(model, versions), model.about.get("note", ""))


def card_facts(model: Model, versions: dict[str, str]) -> dict[str, Any]:
    """What a person needs to know before relying on a model."""
    return {
        "name": model.name,
        "target": model.target,
        "task": model.task.kind,
        "classes": list(model.task.classes),
        "rows": model.about.get("rows"),
        "verdict": model.about.get("sentence", ""),
        "threshold": model.threshold,
        "versions": [f"{name} {version}" for name, version in versions.items()],
        "modalities": [
            {"name": name, "kind": own.kind, "columns": list(own.columns), "single": model.single_of[name]}
            for name, own in model.modalities.items()
        ],
        "routes": [
            {"pattern": pattern, "by": model.name if choice.fusion else choice.single, "why": choice.why}
            for pattern, choice in model.router.choices.items()
        ],
        "limits": list(model.about.get("limits", ())),
        "keeps_digests": model.learned_rows is not None,
        "keeps_rows": [name for name in model.singles if name.endswith("/neighbours")],
    }
