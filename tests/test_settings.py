import copy
import pickle
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops import config, settings
from chatops.errors import BadInput
from chatops.settings import VARIABLES, WORKSPACES, Secret, Settings, read_settings
from tests.needs import REPOSITORY

WORD = "hush-hush-7f3a"
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + WORD + "\n-----END RSA PRIVATE KEY-----\n"
SECRETS = sorted(name for name, (_, variable) in VARIABLES.items() if variable.is_secret)


def _problems(environment: dict[str, str], *, needs: tuple[str, ...] = ()) -> tuple[str, ...]:
    with pytest.raises(BadInput) as caught:
        read_settings(environment, needs=needs)
    return caught.value.problems


def test_an_empty_environment_is_enough_to_start() -> None:
    found = read_settings({})

    assert found.config == Path("chatops.yaml")
    assert found.database_url == "sqlite:///chatops.db"
    assert (found.host, found.port) == ("127.0.0.1", 8080)
    assert found.base_url == "http://127.0.0.1:8080"
    assert found.github_api_url == "https://api.github.com"
    assert found.log_format == "console"
    assert found.delivery_retention_days == 30
    assert found.max_body_mb == 25
    assert found.github_webhook_secrets == ()


def test_other_peoples_variables_are_not_looked_at() -> None:
    assert read_settings({"PATH": "/bin", "CHATOPSX": "1"}) == read_settings({})


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read_settings({"CHATOPS_PORT": "", "CHATOPS_GITHUB_TOKEN": " "}) == read_settings({})


def test_several_webhook_secrets_hold_while_one_is_exchanged() -> None:
    found = read_settings({"CHATOPS_GITHUB_WEBHOOK_SECRET": "old, new,"})

    assert [secret.reveal() for secret in found.github_webhook_secrets] == ["old", "new"]


def test_a_further_slack_workspace_has_its_id_in_its_variables(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("xoxb-2\n", encoding="utf-8")

    found = read_settings(
        {
            "CHATOPS_SLACK_BOT_TOKEN": "xoxb-1",
            "CHATOPS_SLACK_BOT_TOKEN_T0BASE_FILE": str(file),
            "CHATOPS_SLACK_SIGNING_SECRET_T0BASE": WORD,
        }
    )

    assert found.slack_bot_token == Secret("xoxb-1")
    [(team, one)] = found.slack_workspaces.items()
    assert team == "T0BASE"
    assert (one.bot_token.reveal(), one.signing_secret, one.app_token) == (
        "xoxb-2",
        Secret(WORD),
        None,
    )
    assert WORD not in repr(found)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        (
            "CHATOPS_SLACK_SIGNING_SECRET_T0BASE",
            WORD,
            "CHATOPS_SLACK_BOT_TOKEN_T0BASE: found nothing, expected a token",
        ),
        (
            "CHATOPS_SLACK_BOT_TOKEN_BASE",
            WORD,
            "CHATOPS_SLACK_BOT_TOKEN_BASE: found a variable that does not exist",
        ),
        (
            "CHATOPS_SLACK_BOT_TOKEN_T0BASE_FILE",
            "/nowhere",
            "CHATOPS_SLACK_BOT_TOKEN_T0BASE_FILE: found the file '/nowhere', which cannot be read",
        ),
    ],
    ids=["no token", "no id", "no file"],
)
def test_what_is_wrong_with_a_workspaces_secrets_is_told(
    name: str, value: str, problem: str
) -> None:
    [told] = _problems({name: value})

    assert told.startswith(problem)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_a_postgresql_address_is_one(scheme: str) -> None:
    found = read_settings({"CHATOPS_DATABASE_URL": f"{scheme}://mona:pw@db.example/log"})

    assert found.database_url == "postgresql://mona:pw@db.example/log"


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_can_come_from_a_file(name: str, tmp_path: Path) -> None:
    held = {
        "CHATOPS_GITHUB_PRIVATE_KEY": KEY,
        "CHATOPS_DATABASE_URL": f"postgresql://mona:{WORD}@db.example/log",
    }.get(name, WORD)
    file = tmp_path / "secret"
    file.write_text(held + "\n", encoding="utf-8")
    partners = {
        "CHATOPS_GITHUB_PRIVATE_KEY": {"CHATOPS_GITHUB_APP_ID": "7"},
        "CHATOPS_SLACK_APP_TOKEN": {"CHATOPS_SLACK_BOT_TOKEN": "bot"},
        "CHATOPS_GITHUB_CLIENT_SECRET": {
            "CHATOPS_GITHUB_CLIENT_ID": "id",
            "CHATOPS_SESSION_SECRET": "session",
        },
    }.get(name, {})

    found = read_settings({name + "_FILE": str(file), **partners})

    value = getattr(found, VARIABLES[name][0])
    one = value[0] if isinstance(value, tuple) else value
    assert (one.reveal() if isinstance(one, Secret) else one).strip() == held.strip()


def test_a_secret_cannot_be_given_in_two_ways(tmp_path: Path) -> None:
    [problem] = _problems({"CHATOPS_API_TOKEN": WORD, "CHATOPS_API_TOKEN_FILE": "somewhere"})

    assert problem == (
        "CHATOPS_API_TOKEN: found CHATOPS_API_TOKEN_FILE as well, and which of the two is meant "
        "is unclear, expected a token"
    )


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "t"

    [problem] = _problems({"CHATOPS_API_TOKEN_FILE": "t", "PWD": str(missing)})

    assert problem == (
        "CHATOPS_API_TOKEN_FILE: found the file 't', which cannot be read "
        "(No such file or directory), expected a token"
    )


@pytest.mark.parametrize(("content", "why"), [(b"\n", "is empty"), (b"\xff\xfe\x00", "not text")])
def test_a_file_without_a_secret_in_it_is_refused(content: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)

    [problem] = _problems({"CHATOPS_API_TOKEN_FILE": str(file)})

    assert why in problem


def test_a_key_may_have_its_line_ends_written_out() -> None:
    found = read_settings(
        {"CHATOPS_GITHUB_APP_ID": "7", "CHATOPS_GITHUB_PRIVATE_KEY": KEY.replace("\n", "\\n")}
    )

    assert found.github_private_key is not None
    assert found.github_private_key.reveal() == KEY


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"CHATOPS_PORT": "web"}, "CHATOPS_PORT: found 'web', expected a number from 0 to 65535"),
        (
            {"CHATOPS_PORT": "70000"},
            "CHATOPS_PORT: found '70000', expected a number from 0 to 65535",
        ),
        (
            {"CHATOPS_MAX_BODY_MB": "0"},
            "CHATOPS_MAX_BODY_MB: found '0', expected a number from 1 to 100",
        ),
        (
            {"CHATOPS_LOG_FORMAT": "xml"},
            "CHATOPS_LOG_FORMAT: found 'xml', expected console or json",
        ),
        (
            {"CHATOPS_BASE_URL": "ci.example.org"},
            (
                "CHATOPS_BASE_URL: found 'ci.example.org', "
                "expected an address such as https://ci.example.org"
            ),
        ),
        (
            {"CHATOPS_BASE_URL": f"https://mona:{WORD}@ci.example.org"},
            (
                "CHATOPS_BASE_URL: found an address with a name or password in it, "
                "expected an address such as https://ci.example.org"
            ),
        ),
        (
            {"CHATOPS_DATABASE_URL": f"mysql://mona:{WORD}@db/log"},
            (
                "CHATOPS_DATABASE_URL: found a mysql address, "
                "expected sqlite:///file.db or postgresql://user:password@host/name"
            ),
        ),
        (
            {"CHATOPS_DATABASE_URL": "sqlite://"},
            (
                "CHATOPS_DATABASE_URL: found an sqlite address without a file, "
                "expected sqlite:///file.db or postgresql://user:password@host/name"
            ),
        ),
        (
            {"CHATOPS_GITHUB_PRIVATE_KEY": WORD, "CHATOPS_GITHUB_APP_ID": "7"},
            (
                "CHATOPS_GITHUB_PRIVATE_KEY: found a value that is not one (not shown: it is a secret), "
                "expected a private key in PEM form"
            ),
        ),
        (
            {"CHATOPS_GITHUB_APP_ID": "7"},
            (
                "CHATOPS_GITHUB_PRIVATE_KEY: found nothing, expected a private key in PEM form, "
                "because CHATOPS_GITHUB_APP_ID is set"
            ),
        ),
        (
            {"CHATOPS_GITHUB_TOKN": WORD},
            (
                "CHATOPS_GITHUB_TOKN: found a variable that does not exist; "
                "did you mean CHATOPS_GITHUB_TOKEN?"
            ),
        ),
        (
            {"CHATOPS_WEATHER": WORD},
            (
                "CHATOPS_WEATHER: found a variable that does not exist; "
                "see docs/configuration.md for those there are"
            ),
        ),
        (
            {
                "CHATOPS_GITHUB_TOKEN": WORD,
                "CHATOPS_GITHUB_APP_ID": "7",
                "CHATOPS_GITHUB_PRIVATE_KEY": KEY,
            },
            "CHATOPS_GITHUB_TOKEN: found beside CHATOPS_GITHUB_APP_ID, expected one of the two",
        ),
    ],
)
def test_a_mistake_is_told_in_one_sentence(environment: dict[str, str], problem: str) -> None:
    assert _problems(environment) == (problem,)


def test_all_mistakes_are_told_at_once() -> None:
    problems = _problems(
        {"CHATOPS_PORT": "web", "CHATOPS_COLOUR": "red", "CHATOPS_POLL_SECONDS": "often"}
    )

    assert [problem.partition(":")[0] for problem in problems] == [
        "CHATOPS_COLOUR",
        "CHATOPS_PORT",
        "CHATOPS_POLL_SECONDS",
    ]


def test_what_a_process_cannot_be_without_is_asked_for() -> None:
    [problem] = _problems({}, needs=("CHATOPS_GITHUB_WEBHOOK_SECRET",))

    assert problem == (
        "CHATOPS_GITHUB_WEBHOOK_SECRET: found nothing, "
        "expected one secret, or several separated by commas"
    )


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("0.0.0.0", "http://127.0.0.1:9000"),  # noqa: S104 — nothing is opened
        ("::1", "http://[::1]:9000"),
        ("ci.internal", "http://ci.internal:9000"),
    ],
)
def test_links_lead_here_where_no_public_address_is_given(host: str, address: str) -> None:
    found = read_settings({"CHATOPS_HOST": host, "CHATOPS_PORT": "9000"})

    assert found.base_url == address


def test_addresses_are_written_one_way() -> None:
    found = read_settings(
        {
            "CHATOPS_BASE_URL": "https://ci.example.org/kata/",
            "CHATOPS_SLACK_API_URL": "http://127.0.0.1:9/api",
        }
    )

    assert found.base_url == "https://ci.example.org/kata"
    assert found.slack_api_url == "http://127.0.0.1:9/api/"


def test_a_secret_prints_as_stars() -> None:
    secret = Secret(WORD)

    assert {str(secret), repr(secret), f"{secret}", f"{secret!r:>3}"} == {"***"}
    assert secret.reveal() == WORD


def test_secrets_are_compared_by_what_they_hold() -> None:
    secret = Secret(WORD)

    assert secret == Secret(WORD)
    assert secret != Secret("other")
    assert secret != WORD
    assert copy.deepcopy(secret) == secret
    assert len({secret, Secret(WORD)}) == 1


def test_a_secret_is_not_written_to_a_file_by_accident() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(WORD))


def test_settings_print_no_secret() -> None:
    found = read_settings(
        {
            "CHATOPS_DATABASE_URL": f"postgresql://mona:{WORD}@db.example/log",
            "CHATOPS_GITHUB_WEBHOOK_SECRET": f"{WORD},{WORD}",
            "CHATOPS_GITHUB_TOKEN": WORD,
            "CHATOPS_SLACK_SIGNING_SECRET": WORD,
            "CHATOPS_SLACK_BOT_TOKEN": WORD,
            "CHATOPS_SLACK_APP_TOKEN": WORD,
            "CHATOPS_API_TOKEN": WORD,
            "CHATOPS_SESSION_SECRET": WORD,
            "CHATOPS_GITHUB_CLIENT_ID": "id",
            "CHATOPS_GITHUB_CLIENT_SECRET": WORD,
        }
    )

    assert WORD not in repr(found)
    assert WORD not in str(found)


@given(
    secret=st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=8).map(
        lambda text: f"q7{text}z9"
    ),
    kind=st.sampled_from(SECRETS),
    form=st.sampled_from(["{}", "mysql://mona:{}@db/log", "postgres:mona:{}", "{}://", ",{}"]),
)
def test_no_problem_gives_a_secret_away(secret: str, kind: str, form: str) -> None:
    environment = {kind: form.format(secret), "CHATOPS_PORT": "web"}

    told = "\n".join(_problems(environment))

    assert secret not in told
    assert quote(secret) not in told


def test_every_setting_says_what_it_means() -> None:
    names = set(Settings.__dataclass_fields__)

    assert {knob for knob, _ in VARIABLES.values()} == names - {WORKSPACES}
    assert all(variable.meaning.endswith(".") for _, variable in VARIABLES.values())


def test_the_page_about_the_configuration_is_up_to_date() -> None:
    page = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")

    assert page == f"{config.reference()}\n{settings.reference()}"
