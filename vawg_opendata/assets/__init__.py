"""Dagster's view of the flow: assets and checks in its order, one module per stage, and the job that runs them all.

An asset names a step, what it needs and what it leaves, and calls a function of `vawg_opendata.flow`; no step is done
here. What reaches Dagster (logs, metadata, check results) is numbers of rows and cells and names of files, tables,
columns and checks: never a row, and never a count that is to be protected. Heavy libraries are imported by the steps
when they run, so that a code location loads quickly.
"""
