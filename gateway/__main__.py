"""``python -m gateway`` is ``ki-pforte``."""

from gateway.cli import main

if __name__ == "__main__":
    main()
