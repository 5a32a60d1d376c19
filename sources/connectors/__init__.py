"""One module for each service: what it is asked, how its answers become records, how its files are had."""
