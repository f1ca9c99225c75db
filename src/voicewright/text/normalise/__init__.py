"""Numbers, dates, money, abbreviations and addresses in words, as somebody would read them aloud."""
