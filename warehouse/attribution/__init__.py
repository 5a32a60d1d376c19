"""Why a number moved between two releases: the change taken apart, exactly, into what caused it, with the passages behind each cause."""
