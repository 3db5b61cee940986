"""The page that tells people what was found, how sure it is, and what it does not say."""

from hotspot.report.card import model_card
from hotspot.report.content import ContaminantContent, Provenance, ReportContent
from hotspot.report.page import render_report

__all__ = [
    "ContaminantContent",
    "Provenance",
    "ReportContent",
    "model_card",
    "render_report",
]
