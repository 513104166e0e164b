"""``python -m fuseworthy``."""

from fuseworthy.cli import main

main()
