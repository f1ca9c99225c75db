"""Audio as numpy arrays: decode, encode, mix down, resample, find speech, cut, measure; pure functions."""
