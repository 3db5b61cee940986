"""Where a model may be applied: dissimilarity from the samples, and the error it comes with."""
