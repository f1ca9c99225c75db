from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicewright.text.normalise.wording import LANGUAGES, in_words

ENGLISH = {
    # numbers
    "1,234,567": "one million two hundred thirty-four thousand five hundred sixty-seven",
    "It is 3.14.": "It is three point one four.",
    "-5 or .5": "minus five or zero point five",
    "007": "zero zero seven",
    "1st, 22nd and 103rd": "first, twenty-second and one hundred third",
    "1,000th": "one thousandth",
    "9" * 16: " ".join(["nine"] * 16),
    "MP3, 4K and B2B": "MP three, four K and B two B",
    "5+5=10 and 3 x 4": "five plus five equals ten and three times four",
    "3 - 2 = 1": "three minus two equals one",
    "10 000 people": "ten thousand people",
    # years
    "In 1999, the 1990s, the '80s": "In nineteen ninety-nine, the nineteen nineties, the eighties",
    "The 2024 election": "The twenty twenty-four election",
    "2048 bytes, 1500 people": "two thousand forty-eight bytes, one thousand five hundred people",
    "(born in 1815)": "(born in eighteen fifteen)",
    "1990–2000 and 1914-18": "nineteen ninety to two thousand and nineteen fourteen to eighteen",
    # dates
    "2026-11-21": "November twenty-first, twenty twenty-six",
    "21.11.2026": "November twenty-first, twenty twenty-six",
    "11/21/2026.": "November twenty-first, twenty twenty-six.",
    "Nov 21, 2026": "November twenty-first, twenty twenty-six",
    "on May 5, then": "on May fifth, then",
    "the 3rd of May 1999": "the third of May nineteen ninety-nine",
    "2026-13-45": "two zero two six, one three, four five",
    # times
    "at 2:30 pm": "at two thirty P M",
    "at 14:30, 9:05 and 12:00": "at fourteen thirty, nine oh five and twelve o'clock",
    "10-11 am, 9:00-17:30": "ten to eleven A M, nine o'clock to seventeen thirty",
    "2026-11-21T14:30:00Z": "November twenty-first, twenty twenty-six, fourteen thirty",
    "10 a.m. is early.": "ten A M is early.",
    "It ends at 10 p.m.": "It ends at ten P M.",
    # money
    "$12.50": "twelve dollars and fifty cents",
    "$1, $0.05, -$5": "one dollar, five cents, minus five dollars",
    "£1.2m and €5 million": "one point two million pounds and five million euros",
    "12,50 €": "twelve euros and fifty cents",
    "$5-$10, $5–10 million": "five to ten dollars, five to ten million dollars",
    "$1.50-$2.50": "one dollar and fifty cents to two dollars and fifty cents",
    "¥500, 20 USD, CHF 3": "five hundred yen, twenty US dollars, three Swiss francs",
    "$1,234.56.": "one thousand two hundred thirty-four dollars and fifty-six cents.",
    # measures
    "5% and 2.5 %": "five percent and two point five percent",
    "5-10 km, 1 kg, 6 ft": "five to ten kilometers, one kilogram, six feet",
    "-5 °C, 90°": "minus five degrees Celsius, ninety degrees",
    "100 km/h": "one hundred kilometers per hour",
    "5 in the box": "five in the box",
    "3½, 1/2, 5/8": "three and a half, one half, five eighths",
    "24/7, 9/11, 16:9": "twenty-four seven, nine eleven, sixteen to nine",
    "5'10\" and 150 lbs.": "five foot ten and one hundred fifty pounds.",
    "x², <5, ≥4, ~100": "x squared, less than five, at least four, about one hundred",
    "$99/month, 5 hr": "ninety-nine dollars per month, five hours",
    # words
    "Dr. Smith, e.g. Mr. Jones etc.": "Doctor Smith, for example Mister Jones et cetera.",
    "St. Louis and Baker St. in it": "Saint Louis and Baker Street in it",
    "No. 5, pp. 3–7, Fig. 2": "Number five, pages three to seven, Figure two",
    "There is no. It is so.": "There is no. It is so.",
    "Henry VIII, World War II, Chapter IV": "Henry the eighth, World War two, Chapter four",
    "I am a DVD, CD or MIX.": "I am a DVD, CD or MIX.",
    # addresses
    "https://www.example.com/a-b/c?x=1#y": "example dot com slash a dash b slash c",
    "See example.org.": "See example dot org.",
    "jane.doe@example.com!": "jane dot doe at example dot com!",
    "#VoiceWright by @open_ai": "hashtag Voice Wright by at open ai",
    "+1 (555) 123-4567": "plus one, five five five, one two three, four five six seven",
    "555-1234": "five five five, one two three four",
    "192.168.0.1": "one hundred ninety-two point one hundred sixty-eight point zero point one",
    # signs
    "R&D @ 5 & more": "R and D @ five and more",
    "**bold**, _it_ and `code`": "bold, it and code",
    "Hi 😀, you 👍🏽!": "Hi, you!",
    "x < y": "x < y",
}  # fmt: skip

OTHERS = {
    "en-gb": {
        "21/11/2026": "the twenty-first of November twenty twenty-six",
        "205 people": "two hundred and five people",
        "£3.01": "three pounds and one penny",
        "5%": "five per cent",
    },
    "de": {
        "Am 21.11.2026": "Am einundzwanzigsten November zweitausendsechsundzwanzig",
        "um 14:30 Uhr.": "um vierzehn Uhr dreißig.",
        "Der 3. Mai, im 21. Jahrhundert": "Der dritte Mai, im einundzwanzigsten Jahrhundert",
        "1.234.567": "eine Million zweihundertvierunddreißigtausendfünfhundertsiebenundsechzig",
        "3,14": "drei Komma eins vier",
        "1999, 12,50 €, 1 €": "neunzehnhundertneunundneunzig, zwölf Euro fünfzig, ein Euro",
        "1,2 Mio. €, 5 %": "eins Komma zwei Millionen Euro, fünf Prozent",
        "Dr. Müller, z.B. bzw. usw.": "Doktor Müller, zum Beispiel beziehungsweise und so weiter.",
        "Ludwig XIV. lebte.": "Ludwig der Vierzehnte lebte.",
        "Unter Ludwig XIV. auch.": "Unter Ludwig dem Vierzehnten auch.",
        "1 Min., 1 km, 1 und 2": "eine Minute, ein Kilometer, eins und zwei",
        "9-17 Uhr, 16:9, 5 m²": "neun bis siebzehn Uhr, sechzehn zu neun, fünf Quadratmeter",
        "1. Kapitel, 1 Woche": "erstes Kapitel, eine Woche",
        "12.50 € und 50 %-60 %": "zwölf Euro fünfzig und fünfzig Prozent bis sechzig Prozent",
        "Tel. 030 1234567": "Telefon null drei null, eins zwei drei vier fünf sechs sieben",
        "info@beispiel.de": "info ät beispiel Punkt de",
    },
    "fr-fr": {
        "Le 21 novembre 2026": "Le vingt et un novembre deux mille vingt-six",
        "à 14h30": "à quatorze heures trente",
        "le 1er mai, à 1h, 21/11/1999": (
            "le premier mai, à une heure, vingt et un novembre mille neuf cent quatre-vingt-dix-neuf"
        ),
        "12,50 €, 5 millions €": "douze euros cinquante, cinq millions d'euros",
        "9h-17h, 1 fois": "neuf heures à dix-sept heures, une fois",
        "80, 200, 1 000 000": "quatre-vingts, deux cents, un million",
        "3,14 et 3,05": "trois virgule quatorze et trois virgule zéro cinq",
        "M. Dupont, XIXe siècle, Louis XIV": "Monsieur Dupont, dix-neuvième siècle, Louis quatorze",
        "1 234 567": "un million deux cent trente-quatre mille cinq cent soixante-sept",
        "1re, 2e": "première, deuxième",
    },
    "es": {
        "El 21 de noviembre de 2026": "El veintiuno de noviembre de dos mil veintiséis",
        "12,50 €, $5, 21 euros": "doce euros con cincuenta, cinco dólares, veintiún euros",
        "siglo XIX, Felipe VI, Alfonso XIII": "siglo diecinueve, Felipe sexto, Alfonso trece",
        "Sr. Pérez, p. ej. 1º, 1ª": "Señor Pérez, por ejemplo primero, primera",
        "a la 1:30, a las 2:00": "a la una y treinta, a las dos",
        "1 vez, 21 personas, 1 día": "una vez, veintiuna personas, un día",
        "Isabel II": "Isabel segunda",
    },
    "it": {
        "Il 21 novembre 2026 alle 14:30": "Il ventuno novembre duemilaventisei alle quattordici e trenta",
        "XIX secolo, Dott. Rossi, ecc.": "diciannovesimo secolo, Dottor Rossi, eccetera.",
        "12,50 €, 5%, 1 km": "dodici euro e cinquanta, cinque per cento, un chilometro",
    },
    "pt": {
        "Em 21 de novembro de 2026": "Em vinte e um de novembro de dois mil e vinte e seis",
        "12,50 €, século XIX, 1ª": "doze euros e cinquenta cêntimos, século dezanove, primeira",
    },
    "pt-br": {"R$ 12,50, 19, 1º de maio": "doze reais e cinquenta centavos, dezenove, primeiro de maio"},
    "nl": {
        "Op 21 november 2026": "Op eenentwintig november tweeduizendzesentwintig",
        "om 14:30 uur": "om veertien uur dertig",
        "€ 12,50, bijv. 5%, 3e": "twaalf euro vijftig, bijvoorbeeld vijf procent, derde",
    },
    "sv": {"Den 3 maj 1999 kl. 14.30, 12,50 kr": (
        "Den tredje maj nittonhundranittionio klockan fjorton trettio, tolv kronor femtio"
    )},
    "da": {"Den 3. maj 1999 kl. 14.30, 5 %": (
        "Den tredje maj nitten hundrede nioghalvfems klokken fjorten tredive, fem procent"
    )},
    "nb": {"Den 3. mai 1999, f.eks. 12,50 kr": (
        "Den tredje mai nitten hundre og nittini, for eksempel tolv kroner femti"
    )},
    "ja": {"1234円😀です": "1234円 です"},
    "zh": {"我有5元": "我有5元"},
}  # fmt: skip


@pytest.mark.parametrize(("written", "said"), ENGLISH.items(), ids=[each[:20] for each in ENGLISH])
def test_english(written: str, said: str) -> None:
    assert in_words(written, "en-us") == said


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [(language, *each) for language, texts in OTHERS.items() for each in texts.items()],
)
def test_other_languages(language: str, written: str, said: str) -> None:
    assert in_words(written, language) == said


def test_a_form_of_a_language_has_its_words() -> None:
    assert in_words("5%", "de-AT") == "fünf Prozent"
    assert in_words("5%", "en_IE") == "five per cent"
    assert in_words("5%", "es-419") == "cinco por ciento"


WORDS = st.lists(st.text("abcdefghijklmnopqrstuvwyzäöüßéèñçåøабв", min_size=2, max_size=12), max_size=20)


SHORT = frozenset(["nos", "aka", "vs", "bd", "svp", "fx", "ca", "dr", "kr"])
"""What is an abbreviation in some language."""


@settings(deadline=None)
@given(WORDS, st.sampled_from([",", "", "!", "?", ";"]), st.sampled_from(LANGUAGES))
def test_plain_words_stay_as_they_are(words: list[str], mark: str, language: str) -> None:
    text = f"{mark} ".join(word for word in words if word not in SHORT)
    assert in_words(text, language) == text


@settings(deadline=None)
@given(st.sampled_from([*ENGLISH]))
def test_what_was_said_is_not_said_again(written: str) -> None:
    said = in_words(written, "en-us")
    assert in_words(said, "en-us") == said


PIECES = [
    "1", "1,", "1.", "1-", "1/", "1:", " ", "+1 ", "(1", "@", "a.", "a.b@", "http://", "www.", "#", "IV",
    "$1", " €", "½", "%", "°", "'", "...", "_", "*", "1st", "Dr.", "St. ", "XIXe ", "May 5 ", "1h", "−",
    "&", "×", "\u0301", "Louis X ", "٣", "你",
]  # fmt: skip


@pytest.mark.parametrize("language", ["en-us", "de", "fr", "sv"])
@pytest.mark.parametrize("piece", PIECES)
def test_no_flood_takes_longer_than_its_length(piece: str, language: str) -> None:
    """What takes the square of the length, or worse, would take minutes here."""
    assert in_words((piece * 4_000)[:8_000], language) is not None


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), st.sampled_from(LANGUAGES))
def test_no_mixture_takes_longer_than_its_length(pieces: list[str], language: str) -> None:
    assert isinstance(in_words("".join(pieces) * 200, language), str)


@settings(deadline=None)
@given(st.text(max_size=120), st.sampled_from(LANGUAGES))
def test_any_text_has_words(text: str, language: str) -> None:
    assert isinstance(in_words(text, language), str)


def test_four_thousand_digits_are_read_one_by_one() -> None:
    assert in_words("7" * 4_000, "de") == " ".join(["sieben"] * 4_000)
