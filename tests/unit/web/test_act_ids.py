from __future__ import annotations

from voicewright.web.formats import act_id


def test_a_button_is_known_by_what_it_calls():
    assert act_id("DELETE /auth/api-keys/7", None) == "act-DELETE-auth-api-keys-7"
    assert act_id("DELETE /auth/api-keys/7", {}) == act_id("DELETE /auth/api-keys/7")
    enable, disable = (act_id("PATCH /admin/users/7", {"disabled": value}) for value in (False, True))
    assert enable != disable
    assert " " not in enable
