"""The default model: learners that are pooled and calibrated by what was left out."""
