"""How many gold passages an interval of a given width needs, told before anybody codes."""
