"""Entente: official reports of intergovernmental organizations as coded, traceable evidence.

The package of this name holds only what every room needs and none owns: the version, the exception classes, safe writing of files.
"""

__version__ = "0.1.0"
