"""What a run says at its end."""

import io

from hotspot.commands.console import Console
from hotspot.commands.evaluate import headline_scores
from hotspot.commands.summary import print_summary
from hotspot.config.check import check_config
from hotspot.config.compose import compose
from hotspot.config.paths import Paths
from hotspot.evaluation.store import write_ledger
from hotspot.report import score_words
from hotspot.report.content import Evaluation


def test_terminal_and_report_speak_of_one_plan(tmp_path) -> None:
    """The score at the end of a run and in its file is that of the report's first sentence."""

    def scores(number: float) -> dict[str, dict[str, float]]:
        return {"log_loss": {"mean": number, "se": 0.01}, "auc": {"mean": 0.8, "se": 0.1}}

    plans = {"random": scores(0.111), "block": scores(0.222), "knndm": scores(0.333)}
    base = {name: scores(0.444) for name in plans}
    ledger = {"zn": {"ensemble": plans, "prevalence": base}}
    config = check_config(compose(["contaminants=[zn]", "cv.primary=block"]))
    paths, said = Paths("meuse", tmp_path), io.StringIO()
    write_ledger(ledger, paths.metrics)
    print_summary(config, paths, Console(said))
    assert "log loss 0.333" in said.getvalue()
    assert "kNNDM folds" in said.getvalue()
    headline = headline_scores(config, ledger)["zn"]
    assert (headline["plan"], headline["log_loss"]) == ("knndm", 0.333)
    page = score_words.skill_sentence(Evaluation(ledger["zn"], "ensemble"))
    assert "0.333" in page
    assert "kNNDM" in page
