"""Codes as rows and as the files of annotation tools: read with every row checked against the codebook, written without loss."""
