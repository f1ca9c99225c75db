"""Text in, speech out: sentences, streaming, and the figures of what was spoken."""
