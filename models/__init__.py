"""Models: the codebook, the classifier, its training and evaluation. Text in, calibrated probabilities out."""
