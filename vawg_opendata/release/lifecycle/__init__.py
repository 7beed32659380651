"""States of versions, who may change them and when, and making each change whole or not at all: ledger, store, sessions, release, withdrawal.

What is in a version belongs in `package`.
"""
