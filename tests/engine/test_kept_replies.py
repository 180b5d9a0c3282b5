from chatops.app import upgrade_database
from chatops.engine.database import open_database
from chatops.engine.kept_replies import KeptReplies, kept_reply
from tests.scene import COMMAND


def test_there_is_one_answer_to_a_command_and_it_can_change(database_url: str) -> None:
    database = open_database(database_url)
    upgrade_database(database)
    kept = KeptReplies(database)

    before = kept.has(COMMAND)
    kept.put(COMMAND, "Running.")
    kept.put(COMMAND, "Done.")

    with database.read() as db:
        told = kept_reply(db, COMMAND)
    database.close()
    assert (before, told) == (False, "Done.")
