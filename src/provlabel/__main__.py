"""Run the command line as ``python -m provlabel``."""

from provlabel.cli import main

if __name__ == "__main__":
    main()
