"""Text before it is spoken: markup, sentences, and numbers, dates and the like in words."""
