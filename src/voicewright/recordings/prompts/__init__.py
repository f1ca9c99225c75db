"""Sentences to read aloud, chosen so that every sound of a language is heard early and in many company.

`<language>.tsv` has a sentence and its sounds on each line; `benchmarks/recording_prompts.py` writes the
sounds and says how far the sentences reach. The sentences were written for this project.
"""
