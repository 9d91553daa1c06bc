from pathlib import Path

import pytest

from tools.dev.catalog import Service, levels, services_of
from tools.dev.closure import closure, is_part
from tools.dev.errors import Refusal
from tools.dev.places import HERE


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Two services; notifications asks users and imports part of libs, in roundabout ways."""
    files = {
        "contracts/core/__init__.py": "",
        "contracts/users/__init__.py": "",
        "contracts/users/v1.py": "from contracts import core\n",
        "libs/db/__init__.py": "from libs.db.engine import Engine\n",
        "libs/db/engine.py": "Engine = 1\n",
        "libs/db/migrations/0001.py": "",
        "libs/mail/smtp.py": "from . import words\n",
        "libs/mail/words.py": "",
        "libs/web/server.py": "",
        "services/users/BUILD": "service(port=8001)\n",
        "services/users/migrations/versions/.gitkeep": "",
        "services/users/main.py": "def web():\n    import libs.web.server\n",
        "services/users/tests/test_users.py": "import libs.mail.smtp\n",
        "services/notifications/BUILD": "# mails\nservice(port=8005, dependencies=[])\n",
        "services/notifications/main.py": "from services.notifications import jobs\n",
        "services/notifications/jobs.py": "from contracts.users import v1\nimport libs.db\n"
        "from libs.mail import smtp\n",
        "services/notifications/words/welcome.html": "",
        "services/half_made/README.md": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def names(root: Path, files: frozenset[Path]) -> set[str]:
    return {str(path.relative_to(root)) for path in files}


def test_a_service_is_made_of_what_it_imports_and_no_more(shop: Path) -> None:
    found = names(shop, closure(shop, "notifications"))

    assert found == {
        "contracts/core/__init__.py",
        "contracts/users/__init__.py",
        "contracts/users/v1.py",
        "libs/db/__init__.py",
        "libs/db/engine.py",
        "libs/mail/smtp.py",
        "libs/mail/words.py",
        "services/notifications/jobs.py",
        "services/notifications/main.py",
    }


def test_an_import_in_a_function_counts_and_one_in_a_test_does_not(shop: Path) -> None:
    found = names(shop, closure(shop, "users"))

    assert found == {"libs/web/server.py", "services/users/main.py"}


def test_an_edit_is_seen_at_once(shop: Path) -> None:
    before = closure(shop, "users")
    (shop / "services/users/main.py").write_text("import libs.mail.words\n# longer\n")

    assert names(shop, closure(shop, "users") - before) == {"libs/mail/words.py"}


def test_a_file_that_cannot_be_parsed_still_belongs_to_its_service(shop: Path) -> None:
    (shop / "services/users/main.py").write_text("def web(:\n")

    assert names(shop, closure(shop, "users")) == {"services/users/main.py"}


@pytest.mark.parametrize(
    ("changed", "touched"),
    [
        ("services/users/main.py", {"users"}),
        ("services/users/new.py", {"users"}),
        ("services/users/tests/test_users.py", set()),
        ("services/notifications/words/welcome.html", {"notifications"}),
        ("contracts/users/v1.py", {"notifications"}),
        ("libs/db/engine.py", {"notifications"}),
        ("libs/db/migrations/0001.py", {"notifications"}),
        ("libs/web/server.py", {"users"}),
        ("libs/web/unused.py", set()),
        ("libs/db/README.md", set()),
        ("services/users/__pycache__/main.cpython-311.pyc", set()),
    ],
)
def test_an_edit_restarts_exactly_whom_it_touches(
    shop: Path, changed: str, touched: set[str]
) -> None:
    files = {service: closure(shop, service) for service in ("users", "notifications")}

    assert {s for s in files if is_part(shop, s, files[s], shop / changed)} == touched


def test_ports_and_neighbours_are_read_where_they_are_declared(shop: Path) -> None:
    assert services_of(shop) == (
        Service("notifications", 8005, frozenset({"users"}), has_database=False),
        Service("users", 8001, frozenset()),
    )


def test_a_service_whose_build_names_no_port_gets_one_that_is_not_ours(shop: Path) -> None:
    (shop / "services/users/BUILD").unlink()

    assert {service.name: service.port for service in services_of(shop)}["users"] == 8020


def test_a_broken_build_file_is_named(shop: Path) -> None:
    (shop / "services/users/BUILD").write_text("service(port=")

    with pytest.raises(Refusal, match="services/users/BUILD cannot be read"):
        services_of(shop)


def test_neighbours_start_first_and_a_circle_starts_somewhere() -> None:
    services = [
        Service("orders", 1, frozenset({"catalog", "payments"})),
        Service("payments", 2, frozenset({"orders"})),
        Service("catalog", 3),
        Service("mails", 4, frozenset({"orders", "not_here"})),
    ]

    waits = levels(services)

    assert waits["catalog"] == frozenset()
    assert waits["mails"] == {"orders"}
    assert next(iter(waits)) == "catalog"
    assert waits["orders"] == {"catalog"}
    assert waits["payments"] == {"orders"}


def test_this_checkouts_services_import_their_own_contracts() -> None:
    for service in services_of(HERE.root):
        assert any("contracts" in path.parts for path in closure(HERE.root, service.name))
