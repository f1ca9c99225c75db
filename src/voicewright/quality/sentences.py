"""Owns the sentences that a voice is tested on: short, everyday, rich in sounds, and nobody's property.

Eight sentences a language, written for this project and dedicated to the public domain (CC0). They hold no
figures, abbreviations or names, so that a recogniser's spelling can't be held against the voice.
"""
# ruff: noqa: RUF001 - letters of other alphabets are meant

from __future__ import annotations

from dataclasses import dataclass

from voicewright.quality.languages import primary_language

_SENTENCES: dict[str, tuple[str, ...]] = {
    "en": (
        "The old fisherman pushed his boat away from the shore before the sun was up.",
        "Please leave your wet shoes outside and hang the yellow coat behind the door.",
        "Nobody knew which of the three roads would bring them back to the village.",
        "She thought about the question for a while and then gave a very short answer.",
        "We bought fresh bread, cheese and a jar of honey at the market this morning.",
        "The judge asked whether anyone had heard a strange voice in the garden.",
        "Their youngest child would rather measure clouds than finish the arithmetic.",
        "It takes good light and a quiet room to read such a small book aloud.",
    ),
    "de": (
        "Der alte Fischer schob sein Boot ins Wasser, bevor die Sonne aufging.",
        "Bitte stell die nassen Schuhe vor die Tür und häng den gelben Mantel auf.",
        "Niemand wusste, welche der drei Straßen zurück ins Dorf führt.",
        "Sie dachte eine Weile über die Frage nach und gab dann eine kurze Antwort.",
        "Heute früh haben wir auf dem Markt frisches Brot, Käse und Honig gekauft.",
        "Der Richter wollte hören, ob jemand ein seltsames Geräusch bemerkt hatte.",
        "Das jüngste Kind zählt lieber Wolken, als seine Rechenaufgaben zu machen.",
        "Man braucht gutes Licht und ein ruhiges Zimmer, um so ein Buch vorzulesen.",
    ),
    "fr": (
        "Le vieux pêcheur a poussé sa barque loin du rivage avant le lever du soleil.",
        "Laisse tes chaussures mouillées dehors et accroche le manteau jaune derrière la porte.",
        "Personne ne savait lequel des trois chemins les ramènerait au village.",
        "Elle a réfléchi un moment à la question, puis elle a donné une réponse très courte.",
        "Ce matin, nous avons acheté du pain frais, du fromage et un pot de miel au marché.",
        "Le juge a demandé si quelqu'un avait entendu une voix étrange dans le jardin.",
        "Leur plus jeune enfant préfère compter les nuages plutôt que finir ses devoirs.",
        "Il faut une bonne lumière et une chambre calme pour lire ce petit livre à voix haute.",
    ),
    "es": (
        "El viejo pescador empujó su barca lejos de la orilla antes de que saliera el sol.",
        "Deja los zapatos mojados fuera y cuelga el abrigo amarillo detrás de la puerta.",
        "Nadie sabía cuál de los tres caminos los llevaría de vuelta al pueblo.",
        "Ella pensó un rato en la pregunta y luego dio una respuesta muy breve.",
        "Esta mañana compramos pan fresco, queso y un tarro de miel en el mercado.",
        "El juez preguntó si alguien había oído una voz extraña en el jardín.",
        "Su hijo más pequeño prefiere contar nubes antes que terminar los deberes.",
        "Hace falta buena luz y una habitación tranquila para leer en voz alta un libro así.",
    ),
    "it": (
        "Il vecchio pescatore spinse la barca lontano dalla riva prima che sorgesse il sole.",
        "Lascia le scarpe bagnate fuori e appendi il cappotto giallo dietro la porta.",
        "Nessuno sapeva quale delle tre strade li avrebbe riportati al villaggio.",
        "Lei pensò un po' alla domanda e poi diede una risposta molto breve.",
        "Stamattina abbiamo comprato pane fresco, formaggio e un vasetto di miele al mercato.",
        "Il giudice chiese se qualcuno avesse sentito una voce strana nel giardino.",
        "Il loro figlio più piccolo preferisce contare le nuvole che finire i compiti.",
        "Ci vogliono una buona luce e una stanza tranquilla per leggere un libro così.",
    ),
    "pt": (
        "O velho pescador empurrou o barco para longe da margem antes de o sol nascer.",
        "Deixa os sapatos molhados lá fora e pendura o casaco amarelo atrás da porta.",
        "Ninguém sabia qual dos três caminhos os levaria de volta à aldeia.",
        "Ela pensou um pouco na pergunta e depois deu uma resposta muito curta.",
        "Hoje de manhã comprámos pão fresco, queijo e um frasco de mel no mercado.",
        "O juiz perguntou se alguém tinha ouvido uma voz estranha no jardim.",
        "O filho mais novo prefere contar nuvens a acabar os trabalhos da escola.",
        "É preciso boa luz e um quarto sossegado para ler em voz alta um livro assim.",
    ),
    "nl": (
        "De oude visser duwde zijn boot van de oever voordat de zon opkwam.",
        "Laat je natte schoenen buiten staan en hang de gele jas achter de deur.",
        "Niemand wist welke van de drie wegen hen terug naar het dorp zou brengen.",
        "Ze dacht een tijdje over de vraag na en gaf toen een heel kort antwoord.",
        "Vanmorgen kochten we vers brood, kaas en een potje honing op de markt.",
        "De rechter vroeg of iemand een vreemde stem in de tuin had gehoord.",
        "Hun jongste kind telt liever wolken dan dat het zijn huiswerk afmaakt.",
        "Je hebt goed licht en een rustige kamer nodig om zo'n boekje voor te lezen.",
    ),
    "pl": (
        "Stary rybak odepchnął łódź od brzegu, zanim wzeszło słońce.",
        "Zostaw mokre buty na dworze i powieś żółty płaszcz za drzwiami.",
        "Nikt nie wiedział, która z trzech dróg zaprowadzi ich z powrotem do wsi.",
        "Zastanowiła się chwilę nad pytaniem, a potem dała bardzo krótką odpowiedź.",
        "Dziś rano kupiliśmy na targu świeży chleb, ser i słoik miodu.",
        "Sędzia zapytał, czy ktoś słyszał w ogrodzie dziwny głos.",
        "Ich najmłodsze dziecko woli liczyć chmury, niż kończyć zadania.",
        "Trzeba dobrego światła i cichego pokoju, żeby głośno czytać taką książkę.",
    ),
    "sv": (
        "Den gamla fiskaren sköt ut båten från stranden innan solen gick upp.",
        "Lämna de våta skorna utanför och häng den gula kappan bakom dörren.",
        "Ingen visste vilken av de tre vägarna som ledde tillbaka till byn.",
        "Hon tänkte en stund på frågan och gav sedan ett mycket kort svar.",
        "I morse köpte vi färskt bröd, ost och en burk honung på torget.",
        "Domaren frågade om någon hade hört en underlig röst i trädgården.",
        "Deras yngsta barn räknar hellre moln än gör klart sina läxor.",
        "Det behövs gott ljus och ett tyst rum för att läsa en sådan bok högt.",
    ),
    "cs": (
        "Starý rybář odstrčil loďku od břehu dřív, než vyšlo slunce.",
        "Nech mokré boty venku a pověs žlutý kabát za dveře.",
        "Nikdo nevěděl, která ze tří cest je dovede zpátky do vesnice.",
        "Chvíli o té otázce přemýšlela a pak dala velmi krátkou odpověď.",
        "Dnes ráno jsme na trhu koupili čerstvý chléb, sýr a sklenici medu.",
        "Soudce se zeptal, jestli někdo neslyšel v zahradě podivný hlas.",
        "Jejich nejmladší dítě raději počítá mraky, než aby dokončilo úkoly.",
        "Ke čtení takové knížky je třeba dobré světlo a tichý pokoj.",
    ),
    "ru": (
        "Старый рыбак оттолкнул лодку от берега ещё до восхода солнца.",
        "Оставь мокрые ботинки снаружи и повесь жёлтое пальто за дверью.",
        "Никто не знал, какая из трёх дорог приведёт их обратно в деревню.",
        "Она немного подумала над вопросом и дала очень короткий ответ.",
        "Сегодня утром мы купили на рынке свежий хлеб, сыр и банку мёда.",
        "Судья спросил, слышал ли кто-нибудь странный голос в саду.",
        "Их младший ребёнок охотнее считает облака, чем решает задачи.",
        "Чтобы читать вслух такую книгу, нужны хороший свет и тихая комната.",
    ),
    "uk": (
        "Старий рибалка відштовхнув човен від берега ще до сходу сонця.",
        "Залиш мокрі черевики надворі й повісь жовте пальто за дверима.",
        "Ніхто не знав, яка з трьох доріг приведе їх назад до села.",
        "Вона трохи подумала над питанням і дала дуже коротку відповідь.",
        "Сьогодні вранці ми купили на ринку свіжий хліб, сир і банку меду.",
        "Суддя запитав, чи хтось чув дивний голос у саду.",
        "Їхня найменша дитина радше лічить хмари, ніж розв'язує задачі.",
        "Щоб читати вголос таку книжку, потрібні добре світло й тиха кімната.",
    ),
    "tr": (
        "Yaşlı balıkçı güneş doğmadan önce kayığını kıyıdan uzaklaştırdı.",
        "Islak ayakkabılarını dışarıda bırak ve sarı paltoyu kapının arkasına as.",
        "Üç yoldan hangisinin onları köye geri götüreceğini kimse bilmiyordu.",
        "Soruyu bir süre düşündü, sonra çok kısa bir cevap verdi.",
        "Bu sabah pazardan taze ekmek, peynir ve bir kavanoz bal aldık.",
        "Yargıç, bahçede garip bir ses duyan olup olmadığını sordu.",
        "En küçük çocukları ödevini bitirmektense bulutları saymayı sever.",
        "Böyle küçük bir kitabı okumak için iyi ışık ve sessiz bir oda gerekir.",
    ),
    "zh": (
        "太阳还没有出来，老渔夫就把小船推离了岸边。",
        "请把湿鞋子放在外面，把黄色的大衣挂在门后。",
        "谁也不知道三条路里哪一条能带他们回到村子。",
        "她想了一会儿这个问题，然后给了一个很短的回答。",
        "今天早上我们在市场买了新鲜的面包和一瓶蜂蜜。",
        "法官问有没有人在花园里听见奇怪的声音。",
        "他们最小的孩子宁愿数天上的云，也不想做作业。",
        "大声读这么小的书，需要好的光线和安静的房间。",
    ),
}


@dataclass(frozen=True, slots=True)
class SentenceSet:
    """The sentences for one language."""

    language: str
    """The language that they are in (primary code)."""
    sentences: tuple[str, ...]
    note: str | None = None
    """Where they are not in the language that was asked for: what they are instead, for the report."""


def sentence_set(language: str) -> SentenceSet:
    """Return the test sentences for a BCP 47 code; English ones, with a note, where there are none."""
    primary = primary_language(language)
    found = _SENTENCES.get(primary)
    if found is not None:
        return SentenceSet(primary, found)
    return SentenceSet(
        "en",
        _SENTENCES["en"],
        f"There are no test sentences in the language {language!r}, so the voice was tested on English ones, "
        "read by the rules of its own language.",
    )


def test_sentences(language: str) -> tuple[str, ...]:
    """Return at least eight sentences to test a voice on, in its language where there are any."""
    return sentence_set(language).sentences


def languages() -> tuple[str, ...]:
    """List the primary codes of the languages that have sentences of their own."""
    return tuple(sorted(_SENTENCES))
