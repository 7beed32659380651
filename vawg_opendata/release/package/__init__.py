"""What a version consists of, and building it: tables in three formats, code lists, charts, descriptor, documents, archive, signature.

Whether it may be published belongs in `checks`; what becomes of it afterwards in `lifecycle`.
"""
