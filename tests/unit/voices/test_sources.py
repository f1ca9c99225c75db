from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from voicewright.engines.errors import EngineNotFound
from voicewright.engines.testing import TONE_ENGINE
from voicewright.voices.errors import ModelPathRefused, VoiceDataInvalid, VoiceProviderUnknown
from voicewright.voices.model_paths import ModelPaths
from voicewright.voices.sources import Sources

OWNER, MODEL = uuid.uuid4(), uuid.uuid4()


def find_engine(engine_id):
    if engine_id == "preset":
        return replace(
            TONE_ENGINE,
            id="preset",
            capabilities=replace(TONE_ENGINE.capabilities, clones=False, trains=False),
        )
    raise EngineNotFound("There is no such engine. The engines are: preset.")


def test_an_engine_with_voices_of_its_own_takes_no_others():
    sources = Sources(None, ModelPaths(), find_engine)
    with pytest.raises(VoiceDataInvalid, match="voices of its own"):
        sources.check_provider("preset")
    with pytest.raises(VoiceProviderUnknown, match="preset") as refused:
        sources.check_provider("other")
    assert [fault.field for fault in refused.value.fields] == ["provider"]


def test_a_path_leads_to_what_it_was_made_of_in_its_own_store_alone():
    local, bucket = ModelPaths(), ModelPaths("s3://bucket/a.b")
    for paths in (local, bucket):
        path = paths.path(OWNER, MODEL)
        assert paths.parse(path, OWNER) == paths.parse(path.rstrip("/"), OWNER) == MODEL
    for paths, path in (
        (local, bucket.path(OWNER, MODEL)),
        (bucket, local.path(OWNER, MODEL)),
        (bucket, f"s3://bucket/aXb/{OWNER}/{MODEL}/"),
        (local, local.path(uuid.uuid4(), MODEL)),
        (local, local.path(OWNER, MODEL) + "\n"),
        (local, local.path(OWNER, MODEL) + "/"),
    ):
        with pytest.raises(ModelPathRefused):
            paths.parse(path, OWNER)
