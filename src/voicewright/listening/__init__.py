"""Blind comparisons of voices: somebody hears the same sentence twice, does not know by whom, and chooses.

Which voice is A and which is B is decided here when a test is made, and told to nobody before it is finished.
"""
