"""The policies in force: one generation at a time, watched, proven, and replaced as a whole.

``reading`` reads a folder with what the settings add; ``proving`` says why a set may not come into force; ``current``
holds the generation and watches the folder; ``approval`` knows what the Personalrat agreed to; ``beside`` holds a
shadow set; ``replicas`` says which process runs which digest; ``promotion`` makes the files of one folder those of
another.
"""

from gateway.generation.current import Generation, Prepared
from gateway.generation.reading import read_policies

__all__ = ["Generation", "Prepared", "read_policies"]
