"""The watermark of resemble-perth: its trained nets, read from the package and run with numpy alone.

The package (MIT licence, https://github.com/resemble-ai/perth) carries its weights and works offline, but its
own code imports librosa, torchaudio, matplotlib and pkg_resources, and gives audio back resampled and up to
224 samples short. The nets are small and their steps few, so they are done here; a test holds them to the
package's own arithmetic. No torch is needed.
"""
