from __future__ import annotations

from voicewright.db.url import embedded_url, parse_database_url


def test_a_socket_folder_with_any_characters_survives_the_address():
    folder = "/srv/a b%20/é&?host=x#"
    url = embedded_url(folder)
    assert parse_database_url(url.render_as_string(hide_password=False)).query["host"] == folder


def test_parameters_of_the_address_are_kept():
    url = parse_database_url(" postgres://me@host/voices?sslmode=require ")
    assert (url.drivername, url.database, url.query["sslmode"]) == ("postgresql+psycopg", "voices", "require")
