"""What differs between versions: found in released files alone, and published as changes, revisions and the size of a step.

The numbers and lists of versions belong in `lifecycle.versions`.
"""
