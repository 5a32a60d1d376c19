"""`python -m flows` is the command line, for places where the script `entente` is not on the path."""

from flows.cli.main import run

if __name__ == "__main__":
    run()
