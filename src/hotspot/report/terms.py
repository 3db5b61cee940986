"""The names that people read for scores, fold plans and roles, and what each means."""

SCORES = {
    "log_loss": ("Log loss", "lower is better"),
    "brier": ("Brier score", "lower is better"),
    "brier_skill": ("Brier skill", "higher is better, 0 is the baseline"),
    "auc": ("AUC", "higher is better, 0.5 is chance"),
    "average_precision": ("Average precision", "higher is better"),
    "ece": ("Calibration error", "lower is better"),
    "ece_by_chance": ("Calibration error by chance alone", "what a perfect model would have"),
    "ece_excess": ("Calibration error beyond chance", "0 is as good as perfect"),
    "mean_probability": ("Mean probability", "equal to the share above if calibrated"),
    "share_above": ("Share above the limit", "what was found"),
    "sensitivity_at_budget": ("Sensitivity at budget", "higher is better"),
    "crps": ("CRPS", "lower is better"),
    "coverage_90": ("Coverage of 90 % interval", "0.9 is right"),
    "rmse_log": ("RMSE of log concentration", "lower is better"),
}

PLANS = {
    "random": ("Random folds", "test samples lie among the training samples: flattering"),
    "block": ("Blocks", "whole squares of land are left out"),
    "knndm": ("kNNDM", "test samples lie as far from training samples as map cells do"),
    "target_weighted": ("Target-weighted", "expected over the whole mapped area"),
    "buffered": ("Buffers", "parts are left out, and nothing near them trains"),
    "group": ("Groups", "whole surveys or sites are left out"),
    "time": ("Time", "later samples are predicted from earlier ones"),
}

GLOSSARY = (
    (
        "Area of applicability",
        "Cells whose covariates resemble those of the samples closely enough that the scores "
        "hold there; outside it the map is hatched (Meyer & Pebesma 2021).",
    ),
    (
        "Baseline",
        "A model that knows only the share of exceeding samples and gives every place the "
        "same probability.",
    ),
    (
        "Brier score",
        "Mean squared difference between the probability given and what was found (1 or 0).",
    ),
    (
        "Contribution",
        "The part of a prediction, up or down, that is credited to one covariate (a SHAP "
        "value). Contributions and a base value add up to the prediction.",
    ),
    ("Covariate", "A map layer that the model reads, such as distance to the river."),
    (
        "Dissimilarity index",
        "Distance of a cell's covariates to those of the nearest sample, divided by the "
        "average distance between samples.",
    ),
    ("Exceedance", "A concentration above the limit."),
    (
        "Fold",
        "A part of the samples that is hidden from the model and then predicted, so that its "
        "score is that of samples not seen.",
    ),
    (
        "kNNDM",
        "Folds whose distances from test to training samples match those from map cells to "
        "samples (Linnenbrink et al. 2024).",
    ),
    (
        "Log loss",
        "Mean of minus the logarithm of the probability given to what was found. Certainty "
        "that turns out wrong costs most.",
    ),
    (
        "Placebo band",
        "The importance that covariates made of spatial noise reach. A covariate within the "
        "band cannot be told from noise.",
    ),
    ("Prevalence", "Share of exceeding samples among those known."),
    (
        "Role",
        "What a group of covariates stands for, such as industry, geology or terrain.",
    ),
    (
        "Separation W",
        "Wasserstein distance between the distances of a fold plan and those of the map's "
        "task, in metres. The smaller, the more the test is like the task.",
    ),
    (
        "Standard error",
        "How far a score would typically move with other samples of the same kind.",
    ),
)


def plan_label(plan: str) -> str:
    """Return a fold plan's name for people; an unknown plan keeps its own."""
    return PLANS.get(plan, (plan, ""))[0]


def score_label(score: str) -> str:
    """Return a score's name for people; an unknown score keeps its own."""
    return SCORES.get(score, (score, ""))[0]


def role_label(role: str) -> str:
    """Return a role's name for people.

    Examples
    --------
    >>> role_label("land_use")
    'Land use'
    """
    text = role.replace("_", " ")
    return text[:1].upper() + text[1:]


def in_sentence(name: str) -> str:
    """Return a substance's name as it is written within a sentence.

    Examples
    --------
    >>> in_sentence("Zinc"), in_sentence("PCB 153")
    ('zinc', 'PCB 153')
    """
    return name[:1].lower() + name[1:] if name[1:2].islower() else name
