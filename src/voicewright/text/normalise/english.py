"""English, as in America and as in Britain."""

from __future__ import annotations

import dataclasses
from typing import Final

from voicewright.text.normalise.lexicon import Lexicon, Money

_CURRENCIES: Final = {
    "$": Money("dollar", "dollars", "cent", "cents"),
    "US$": Money("US dollar", "US dollars", "cent", "cents"),
    "A$": Money("Australian dollar", "Australian dollars", "cent", "cents"),
    "C$": Money("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "€": Money("euro", "euros", "cent", "cents"),
    "EUR": Money("euro", "euros", "cent", "cents"),
    "£": Money("pound", "pounds", "penny", "pence"),
    "¥": Money("yen", "yen"),
    "₹": Money("rupee", "rupees", "paisa", "paise"),
    "₩": Money("won", "won"),
    "₽": Money("rouble", "roubles", "kopeck", "kopecks"),
    "₺": Money("lira", "lira"),
    "₪": Money("shekel", "shekels"),
    "₿": Money("bitcoin", "bitcoins"),
    "¢": Money("cent", "cents"),
}

_ABBREVIATIONS: Final = {
    "Mr.": "Mister", "Mrs.": "Missus", "Ms.": "Miz", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz",
    "Messrs.": "Messieurs", "Dr.": "Doctor", "Prof.": "Professor", "Jr.": "Junior", "Sr.": "Senior",
    "Esq.": "Esquire", "Ph.D.": "P H D", "M.D.": "M D", "B.A.": "B A", "M.A.": "M A",
    "etc.": "et cetera", "e.g.": "for example", "i.e.": "that is", "vs.": "versus", "vs": "versus",
    "viz.": "namely", "cf.": "compare", "et al.": "and others", "approx.": "approximately", "ca.": "about",
    "dept.": "department", "Dept.": "Department", "Inc.": "Incorporated", "Ltd.": "Limited",
    "Corp.": "Corporation", "Ave.": "Avenue", "Blvd.": "Boulevard", "Rd.": "Road", "govt.": "government",
    "w/": "with", "w/o": "without", "misc.": "miscellaneous", "incl.": "including", "excl.": "excluding",
    "est.": "established", "a.k.a.": "also known as", "aka": "also known as", "A.D.": "A D", "B.C.": "B C",
    "Jan.": "January", "Feb.": "February", "Aug.": "August", "Sept.": "September", "Oct.": "October",
    "Nov.": "November", "Dec.": "December", "Mon.": "Monday", "Tue.": "Tuesday", "Tues.": "Tuesday",
    "Wed.": "Wednesday", "Thu.": "Thursday", "Thurs.": "Thursday", "Fri.": "Friday", "yr.": "year",
    "P.S.": "P S", "U.S.": "U S", "U.S.A.": "U S A", "U.K.": "U K", "E.U.": "E U", "U.N.": "U N",
}  # fmt: skip

_NAMES_FOLLOW: Final = {
    "St.": "Saint", "Ste.": "Saint", "Mt.": "Mount", "Ft.": "Fort", "Gen.": "General", "Col.": "Colonel",
    "Maj.": "Major", "Capt.": "Captain", "Lt.": "Lieutenant", "Sgt.": "Sergeant", "Cmdr.": "Commander",
    "Rev.": "Reverend", "Hon.": "Honorable", "Sen.": "Senator", "Rep.": "Representative",
    "Gov.": "Governor", "Pres.": "President", "Fr.": "Father",
}  # fmt: skip

_NUMBERS_FOLLOW: Final = {
    "No.": "Number", "no.": "number", "Nos.": "Numbers", "nos.": "numbers", "Vol.": "Volume",
    "vol.": "volume", "Vols.": "Volumes", "Fig.": "Figure", "fig.": "figure", "Figs.": "Figures",
    "Eq.": "Equation", "Sec.": "Section", "sec.": "section", "Ch.": "Chapter", "ch.": "chapter",
    "p.": "page", "pp.": "pages", "Art.": "Article", "c.": "about", "Apt.": "Apartment", "ext.": "extension",
    "Ext.": "Extension", "Tel.": "Telephone", "tel.": "telephone", "Rm.": "Room", "min.": "minimum",
    "max.": "maximum",
}  # fmt: skip

AMERICAN: Final = Lexicon(
    num2words="en",
    cldr="en_US",
    decimal=".",
    minus="minus",
    point="point",
    percent="percent",
    per_mille="per mille",
    and_="and",
    or_="or",
    plus="plus",
    equals="equals",
    times="times",
    divided="divided by",
    degrees="degrees",
    to="to",
    at="at",
    dot="dot",
    slash="slash",
    dash="dash",
    underscore="underscore",
    hashtag="hashtag",
    number_sign="number",
    section="section",
    about="about",
    comparisons={"<": "less than", ">": "more than", "≤": "at most", "≥": "at least"},
    powers=("squared", "cubed"),
    currencies=_CURRENCIES,
    scales={
        "k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "mln": "million",
        "bn": "billion", "b": "billion", "B": "billion", "tn": "trillion", "T": "trillion",
        "thousand": "thousand", "million": "million", "billion": "billion", "trillion": "trillion",
    },
    date="month_first",
    years="pairs",
    money_join=" and ",
    cents_named=True,
    drop_and=True,
    ordinals="st|nd|rd|th",
    fractions={
        "1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter",
        "3/4": "three quarters",
    },
    abbreviations=_ABBREVIATIONS,
    names_follow=_NAMES_FOLLOW,
    numbers_follow=_NUMBERS_FOLLOW,
    units={
        "in.": "length-inch", "ft.": "length-foot", "lb.": "mass-pound", "lbs.": "mass-pound",
        "oz.": "mass-ounce", "sec": "duration-second", "secs": "duration-second", "hr": "duration-hour",
        "hrs": "duration-hour", "mins": "duration-minute",
    },
    roman_after=(
        "Chapter|Part|Volume|Book|Act|Scene|Section|Article|Appendix|Phase|Type|Level|Stage|Class|Title|Unit|"
        "World War|Super Bowl|Schedule|Annex|Figure|Table|Lesson|Canto|Final Fantasy|Rocky|Apollo"
    ),
    regnal=(
        "Henry|Louis|Charles|George|Edward|Richard|James|William|Elizabeth|Mary|Philip|Pope|Paul|John|Pius|"
        "Benedict|Gregory|Leo|Clement|Innocent|Urban|Catherine|Peter|Nicholas|Alexander|Napoleon|Frederick|"
        "Wilhelm|Otto|Ferdinand|Francis|Ramses|Ptolemy|Cleopatra|Christian|Gustav|Oscar|Haakon|Olaf|Harald"
    ),
    regnal_style="the_ordinal",
    twelve_hours=True,
    month_first=True,
)  # fmt: skip

BRITISH: Final = dataclasses.replace(
    AMERICAN,
    cldr="en_GB",
    percent="per cent",
    date="ordinal_of",
    drop_and=False,
    month_first=False,
    names_follow={**_NAMES_FOLLOW, "Hon.": "Honourable"},
)
