"""`python -m mamviz_cli` is `mamviz`."""

from mamviz_cli.app import main

if __name__ == "__main__":
    main()
