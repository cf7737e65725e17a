import re

from tests.server.serving import Served


def test_the_page_needs_nothing_from_elsewhere(server: Served) -> None:
    page = server.get("/docs").text
    links = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page)
    assert links
    assert [link for link in links if not link.startswith("/docs/assets/")] == []
    assert [link for link in links if server.get(link).status_code != 200] == []
    assert "url: '/openapi.json'" in page


def test_it_is_a_swagger_ui_that_knows_openapi_3_1(server: Served) -> None:
    version = re.search(r'PACKAGE_VERSION:"(\d+)\.', server.get("/docs/assets/swagger-ui-bundle.js").text)
    assert version is not None
    assert int(version[1]) >= 5
    assert server.get("/openapi.json").json()["openapi"].startswith("3.1")


def test_a_browser_finds_it_from_the_root(server: Served) -> None:
    response = server.get("/")
    assert response.status_code == 307
    assert response.headers["location"] == "/docs"
