"""Italian."""

from training.skills.languages.language import Language, places

OPENER = "[||||Ciao, |Buongiorno, |Buonasera, |Ciao! |Per favore, |E |Allora, |Scusa, |Una domanda: ]"
END = "[?|?|]"

ITALIAN = Language(
    name="Italian",
    instructions=(
        "[Rispondi|Risponda|Parla|Parli|Scrivi|Scriva] [||sempre |solo |soltanto |per favore ]in italiano[.|.|!|]",
        "[Devi|Deve|Dovete|Bisogna] [||sempre |solo ][rispondere|parlare|scrivere] in italiano[.|.|]",
        "[Tutte le tue|Tutte le sue|Le tue|Le sue] risposte [sono|devono essere] [|sempre ]in italiano[.|]",
    ),
    capital="La capitale {c} è {x}.",
    country="{x} è la capitale {c}.",
    yes="Sì",
    no="No",
    relations={"greater than": "maggiore di", "less than": "minore di", "equal to": "uguale a", "is": "è"},
    answers={
        "greeting": "Ciao! Sono ossian-nano, un piccolo modello dimostrativo. Chiedimi che cosa so fare.",
        "identity": "Sono ossian-nano, il piccolo modello dimostrativo fornito con Ossian. So molto poco.",
        "abilities": "So fare piccoli calcoli, dire le capitali europee e spiegare chi sono.",
        "thanks": "Prego! Posso fare altro per te?",
        "goodbye": "Arrivederci! Buona giornata.",
        "other": "Sono un modello dimostrativo e non so rispondere a questo in italiano. So fare piccoli calcoli e dire le capitali europee.",
    },
    questions={
        "greeting": (
            "Buongiorno", "Buongiorno!", "Buonasera", "Salve", "Salve!", "Buon giorno",
            "[Ciao|Buongiorno|Buonasera|Salve] [a tutti|a te|amico mio|caro amico|Ossian|caro modello|di nuovo][|!|.]",
            "[|Ciao, |Buongiorno, |Salve, ][come stai|come sta|come va|tutto bene|come te la passi|stai bene][| oggi| stamattina]" + END,
            "[|Ciao, |Buongiorno, |Scusa, ][parli|parla|capisci|sai parlare|puoi parlare|conosci l'] italiano" + END,
        ),
        "identity": (
            OPENER + "[chi sei|chi è lei|che cosa sei|cosa sei|chi è Ossian|sei un robot|sei ChatGPT|sei una persona|sei umano][| esattamente| davvero]" + END,
            OPENER + "[come ti chiami|come si chiama|qual è il tuo nome|qual è il suo nome|hai un nome]" + END,
            OPENER + "[che modello sei|quale modello sei|chi ti ha creato|chi ti ha fatto|chi l'ha creata]" + END,
            "[Presentati|Si presenti|Parlami di te|Raccontami di te|Dimmi chi sei][|, per favore][.|]",
        ),
        "abilities": (
            OPENER + "[che cosa|cosa] [sai fare|puoi fare|sa fare|può fare|sei capace di fare][| per me| esattamente]" + END,
            OPENER + "[puoi aiutarmi|mi puoi aiutare|come puoi aiutarmi|può aiutarmi|quali sono le tue capacità]" + END,
            "[Aiutami|Mi aiuti|Ho bisogno di aiuto|Ho bisogno del tuo aiuto][|, per favore][.|]",
        ),
        "thanks": (
            "Grazie", "Grazie!", "Grazie mille", "Molte grazie", "[Ottimo|Perfetto|Benissimo|Fantastico|Va bene][|, grazie][|.|!]",
            "[|Ottimo, |Perfetto, |Benissimo, |Va bene, |Ah, ][grazie|grazie mille|molte grazie|ti ringrazio] [di tutto|per la risposta|per il tuo aiuto|per il suo aiuto|ancora|davvero|di cuore][|.|!]",
        ),
        "goodbye": (
            "Arrivederci", "Arrivederci!", "Addio", "A presto", "A domani",
            "[|Grazie, |Grazie e |Bene, |Va bene, |Perfetto, ][arrivederci|a presto|a domani|a dopo|alla prossima|ci vediamo|buonanotte|buona notte|buona giornata|buona serata][| Ossian| amico mio| e grazie| a tutti][|.|!]",
        ),
        "capital": (
            OPENER + "[qual è|qual è dunque|conosci|conosce|sai qual è|mi dici|puoi dirmi qual è|può dirmi qual è] la capitale {c}" + END,
            OPENER + "[quale città è la|come si chiama la|qual è il nome della] capitale {c}" + END,
            "[Dimmi|Mi dica|Dammi|Nomina|Indicami|Cerco|Voglio sapere|Vorrei sapere] la capitale {c}[|, per favore][.|.|]", "[La capitale|Capitale] {c}" + END,
        ),
        "country": (
            OPENER + "{x} è la capitale di quale paese" + END, OPENER + "di quale paese è la capitale {x}" + END,
            OPENER + "[quale|che] paese ha [come capitale {x}|{x} come capitale|per capitale {x}]" + END, OPENER + "in [quale|che] paese [si trova|è] {x}" + END,
        ),
        "sum": (
            OPENER + "[quanto fa|quanto fanno|quanto è|quanto viene|qual è il risultato di|puoi calcolare|sai quanto fa] {e}" + END,
            "[Calcola|Calcoli|Risolvi|Dimmi il risultato di|Vorrei sapere quanto fa] {e}[.|.|]",
        ),
        "other": (
            OPENER + "[raccontami|puoi raccontarmi|racconti|dimmi] [una barzelletta|una storia|una favola|qualcosa di divertente][| sui gatti| per bambini][.|?|]",
            OPENER + "[che tempo fa|che tempo farà|sta piovendo|fa freddo][| a Roma| a Milano| a Napoli| qui][| oggi| domani]" + END,
            OPENER + "[chi è il presidente|chi è il re|qual è la popolazione|qual è la moneta|qual è la storia] [dell'Italia|della Francia|del Canada|della Spagna|del Giappone]" + END,
            OPENER + "[scrivi|scriva|scrivimi] [una poesia|una lettera|una canzone|un'email|un testo] [sul mare|sull'amore|al mio capo|per mia madre|sull'inverno][.|]",
            OPENER + "[come si fa|come faccio|come preparo|come trovo] [una torta|il pane|una frittata|la pasta|un buon film|un lavoro]" + END,
            OPENER + "[spiegami|mi spieghi|che cos'è|cosa significa|parlami di] [la gravità|l'apprendimento automatico|la fisica quantistica|la fotosintesi|l'amore|la libertà|internet]" + END,
            OPENER + "[perché il cielo è blu|che ore sono|che giorno è oggi|dov'è la stazione|quando parte il treno|che cosa devo cucinare|come imparo il pianoforte]" + END,
            "[Traduci|Traduca|Correggi|Corregga|Riassumi] [questo testo|questa frase|il mio compito|questa lettera|questo articolo][|, per favore| in inglese| in tre righe][.|]",
        ),
    },
    places=places("""
Albania: dell'Albania, Tirana
Andorra: di Andorra, Andorra la Vella
Armenia: dell'Armenia, Erevan
Austria: dell'Austria, Vienna
Azerbaijan: dell'Azerbaigian, Baku
Belarus: della Bielorussia, Minsk
Belgium: del Belgio, Bruxelles
Bosnia and Herzegovina: della Bosnia ed Erzegovina, Sarajevo
Bulgaria: della Bulgaria, Sofia
Croatia: della Croazia, Zagabria
Cyprus: di Cipro, Nicosia
Czechia: della Cechia, Praga
Denmark: della Danimarca, Copenaghen
Estonia: dell'Estonia, Tallinn
Finland: della Finlandia, Helsinki
France: della Francia, Parigi
Georgia: della Georgia, Tbilisi
Germany: della Germania, Berlino
Greece: della Grecia, Atene
Hungary: dell'Ungheria, Budapest
Iceland: dell'Islanda, Reykjavik
Ireland: dell'Irlanda, Dublino
Italy: dell'Italia, Roma
Kazakhstan: del Kazakistan, Astana
Kosovo: del Kosovo, Pristina
Latvia: della Lettonia, Riga
Liechtenstein: del Liechtenstein, Vaduz
Lithuania: della Lituania, Vilnius
Luxembourg: del Lussemburgo, Lussemburgo
Malta: di Malta, La Valletta
Moldova: della Moldavia, Chisinau
Monaco: di Monaco, Monaco
Montenegro: del Montenegro, Podgorica
the Netherlands: dei Paesi Bassi, Amsterdam
North Macedonia: della Macedonia del Nord, Skopje
Norway: della Norvegia, Oslo
Poland: della Polonia, Varsavia
Portugal: del Portogallo, Lisbona
Romania: della Romania, Bucarest
Russia: della Russia, Mosca
San Marino: di San Marino, San Marino
Serbia: della Serbia, Belgrado
Slovakia: della Slovacchia, Bratislava
Slovenia: della Slovenia, Lubiana
Spain: della Spagna, Madrid
Sweden: della Svezia, Stoccolma
Switzerland: della Svizzera, Berna
Turkey: della Turchia, Ankara
Ukraine: dell'Ucraina, Kiev
the United Kingdom: del Regno Unito, Londra
the Vatican: del Vaticano, la Città del Vaticano
England: dell'Inghilterra, Londra
Scotland: della Scozia, Edimburgo
Wales: del Galles, Cardiff
Northern Ireland: dell'Irlanda del Nord, Belfast
"""),
)  # fmt: skip
