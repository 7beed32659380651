"""What is asked of published files before and after they appear: the intruder's audit, hashes, equal formats, the descriptor.

All of it reads packages as a reader does. The attacks themselves are `anonymisation.intruder` and `anonymisation.releases`.
"""
