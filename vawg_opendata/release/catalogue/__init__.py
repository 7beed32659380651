"""The catalogues of what is published: DCAT, schema.org and Atom.

Pages for people belong in `vawg_opendata.site`.
"""
