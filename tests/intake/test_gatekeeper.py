import pytest

from chatops.errors import BadInput
from chatops.intake.gatekeeper import job_name, parse_required, required_event, required_for
from tests.scene import NOW, REPO

FILE = """
required_tests:
  - Commit check / commit
required_regexps:
paths:
  - "^ci/special/": []
  - "^docs/": ["static"]
  - "\\\\.md$": ["static"]
mapping:
  test:
    names:
      - CI / build (a, b)
      - CI / run (make check, "x"...
    required-labels:
      - ok-to-test
  static:
    regexps: "Static / .*|Spelling"
"""


@pytest.mark.parametrize(
    ("files", "names", "sets"),
    [
        (["ci/special/x.yaml"], 1, ()),
        (["docs/a.txt"], 1, ("static",)),
        (["src/readme.md"], 1, ("static",)),
        (["src/main.rs"], 3, ("test", "static")),
        (["docs/a.txt", "src/main.rs"], 3, ("test", "static")),
        ([], 1, ()),
    ],
)
def test_what_a_change_touches_decides_what_it_needs(
    files: list[str], names: int, sets: tuple[str, ...]
) -> None:
    needed = required_for(parse_required(FILE), files)

    assert (len(needed.names), needed.sets) == (names, sets)


def test_labels_and_expressions_come_with_their_set() -> None:
    needed = required_for(parse_required(FILE), ["src/main.rs"])

    assert needed.labels == ("ok-to-test",)
    assert needed.patterns == ("Static / .*|Spelling",)


def test_a_required_name_begins_with_its_workflow() -> None:
    assert job_name("CI / suite / build (a)") == ("CI", "suite / build (a)")
    assert job_name("alone") == ("", "alone")


def test_a_version_that_says_the_same_has_the_same_fingerprint() -> None:
    plain = required_event(REPO, "main", "x", FILE, "", NOW)
    commented = required_event(REPO, "main", "x", f"# moved\n{FILE}", "", NOW)
    changed = required_event(REPO, "main", "x", FILE.replace("(a, b)", "(a)"), "", NOW)

    assert plain.fingerprint == commented.fingerprint != changed.fingerprint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found nothing"),
        ("a: [", "not YAML"),
        ("- x", "found a list"),
        ("required_tests: [1]", "required_tests[0]: found 1, expected a text"),
        ("required_regexps: ['(']", "expected a regular expression"),
        ("paths: [{a: [x], b: []}]", "expected a mapping with one expression"),
        (
            "paths: [{a: [nix]}]\nmapping: {test: {}}",
            "found the set 'nix', expected one of mapping: test",
        ),
        ("mapping: {test: 4}", "mapping.test: found 4"),
    ],
)
def test_a_wrong_file_is_refused_with_key_found_and_expected(text: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_required(text)

    assert said in "\n".join(refused.value.problems)
