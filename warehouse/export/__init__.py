"""The release: one folder with the published content in every common format, made so that the same content gives the same bytes."""
