import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_mock_engine
from sqlalchemy.schema import CreateIndex

from chatops.engine.partial import PartialIndex


@pytest.mark.parametrize("address", ["sqlite://", "postgresql+psycopg://"])
def test_each_database_is_told_which_rows(address: str) -> None:
    index = PartialIndex("few", "at", where="weight = 1")
    Table("jobs", MetaData(), Column("at", Integer), Column("weight", Integer), index)

    made = str(CreateIndex(index).compile(dialect=create_mock_engine(address, print).dialect))

    assert made == "CREATE INDEX few ON jobs (at) WHERE weight = 1"
