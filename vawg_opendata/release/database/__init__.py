"""DuckDB files: one in each package, one of all packages of an audience, and their views and macros.

Rows and types come from `package.tables`.
"""
