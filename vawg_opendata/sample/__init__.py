"""A synthetic landing folder of any size, to try the pipeline on and to test it with. Nothing in it is about a real person.

`generate` writes it. Margins that the Met publishes are kept (`margins`); everything else is made up (`assumptions`), so
no conclusion can be drawn from a table of the sample. Real files are read elsewhere and never needed here.
"""

from vawg_opendata.sample.generate import Sample, generate

__all__ = ["Sample", "generate"]
