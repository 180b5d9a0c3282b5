"""What we send in GraphQL fits the schema that GitHub publishes, and the stand-in answers in its words."""

import json
import subprocess
from functools import cache

import pytest

from chatops.gateways.github_graphql import DOCUMENTS
from tests import needs

VALIDATE = """
const { readFileSync } = require("fs");
const { buildSchema, parse, validate, specifiedRules } = require(process.argv[1]);
// The published schema says a field or two twice.
const schema = buildSchema(readFileSync(process.argv[2], "utf8"), { assumeValid: true, assumeValidSDL: true });
const asked = JSON.parse(readFileSync(0, "utf8"));
const found = {};
for (const [name, text] of Object.entries(asked))
  found[name] = validate(schema, parse(text), specifiedRules).map((problem) => problem.message);
process.stdout.write(JSON.stringify(found));
"""


@cache
def problems(documents: str) -> dict[str, list[str]]:
    """Return what GitHub's schema says against each document, given as JSON."""
    node = needs.program("Node", called=["node"], remedy="Install Node, then run `make test`.")
    library = needs.node_module("graphql/index.js")
    schema = needs.node_module("@octokit/graphql-schema/schema.graphql")
    told = subprocess.run(
        [node, "-e", VALIDATE, library, schema],
        input=documents, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    found: dict[str, list[str]] = json.loads(told.stdout)
    return found


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_fits_the_published_schema(name: str) -> None:
    assert problems(json.dumps(dict(DOCUMENTS)))[name] == []


def test_the_schema_would_notice() -> None:
    wrong = {
        "field": DOCUMENTS["mergeState"].replace("headRefOid", "headSha"),
        "mutation": DOCUMENTS["enqueuePullRequest"].replace("enqueuePull", "queuePull"),
    }

    assert all(problems(json.dumps(wrong)).values())
