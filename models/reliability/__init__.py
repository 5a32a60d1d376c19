"""Agreement between any number of coders: coefficients with intervals over documents, per category, against the codebook's targets."""
