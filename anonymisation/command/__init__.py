"""The command's own parts: files in, files out, and what is printed.

Belongs here: the format of a folder of table files (``case``, ``hierarchies``), of a pattern file (``pattern``), and the words of the
answers (``report``).  Does not belong here: the grammar of the command (``anonymisation.__main__``), and any decision on what may be
published; those are the library's.
"""
