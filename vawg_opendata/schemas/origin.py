"""The fields that say of a record how many it stands for and where it is from, the same in the records of every source.

Only these: what a record is about is declared with its table.
"""

from vawg_opendata.schemas.fields import INTEGER, MONTH, Field

COUNT = Field(name="count", title="Count", description="How many the row stands for.", type=INTEGER, required=True, minimum=0)
VINTAGE = Field(
    name="vintage",
    title="Vintage",
    description="Last month covered by the file the row is from: which edition of the series.",
    type=MONTH,
    required=True,
)
SOURCE_FILE = Field(name="source_file", title="Source file", description="The file the row is from, in the source's folder.", required=True)
SOURCE_ROW = Field(
    name="source_row",
    title="Source row",
    description="Number of the row in its file or sheet, counted from 1 below the header.",
    type=INTEGER,
    required=True,
    minimum=1,
)
SOURCE_FIELDS = (COUNT, VINTAGE, SOURCE_FILE, SOURCE_ROW)
