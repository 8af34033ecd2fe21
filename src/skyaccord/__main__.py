"""`python -m skyaccord` is `skyaccord`."""

from skyaccord.cli import main

if __name__ == "__main__":
    main()
