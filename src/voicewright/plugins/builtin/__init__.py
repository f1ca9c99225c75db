"""The built-in engine: a voice from scratch on a CPU, guided by espeak-ng, finished with real frames.

Training: `training` reads the clips, `espeak` renders their texts, `alignment` finds the phones in the
recordings, `analysis` (`pitch`, `spectrum`, `aperiodicity`) describes them, `fitting` trains the `network`,
`durations` learns the rhythm, `tiling` keeps real frames, `restoration` and the equaliser finish the sound.
Speaking goes the same way back in `voice`, and ends in the `vocoder`.
"""
