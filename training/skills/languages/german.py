"""German."""

from training.skills.languages.language import Language, places

OPENER = "[||||Hallo, |Guten Tag, |Hi, |Hallo! |Bitte, |Und |Also, |Entschuldigung, |Sag mal, |Frage: ]"
END = "[?|?|]"

GERMAN = Language(
    name="German",
    instructions=(
        "[Antworte|Antworten Sie|Sprich|Sprechen Sie|Schreibe|Schreib] [||bitte |immer |nur |ausschließlich |bitte immer ]auf Deutsch[.|.|!|]",
        "[Du sollst|Du musst|Sie sollen|Bitte] [||immer |nur |stets ]auf Deutsch [antworten|sprechen|schreiben][.|.|]",
        "[Alle deine|Alle|Deine|Ihre] Antworten [sind|müssen|sollen] [|immer |stets ]auf Deutsch[| sein][.|]",
    ),
    capital="Die Hauptstadt {c} ist {x}.",
    country="{x} ist die Hauptstadt {c}.",
    yes="Ja",
    no="Nein",
    relations={"greater than": "größer als", "less than": "kleiner als", "equal to": "gleich", "is": "ist"},
    answers={
        "greeting": "Hallo! Ich bin ossian-nano, ein kleines Vorführmodell. Fragen Sie mich, was ich kann.",
        "identity": "Ich bin ossian-nano, das kleine Vorführmodell, das mit Ossian kommt. Ich weiß sehr wenig.",
        "abilities": "Ich kann kleine Rechnungen lösen, die Hauptstädte Europas nennen und sagen, wer ich bin.",
        "thanks": "Gern geschehen! Kann ich noch etwas für Sie tun?",
        "goodbye": "Auf Wiedersehen! Einen schönen Tag noch.",
        "other": "Ich bin ein Vorführmodell und kann das nicht auf Deutsch beantworten. Ich kann kleine Rechnungen lösen und die Hauptstädte Europas nennen.",
    },
    questions={
        "greeting": (
            "Hallo", "Hallo!", "Guten Tag", "Guten Morgen", "Guten Abend", "Servus", "Moin",
            "[Hallo|Guten Tag|Guten Morgen|Guten Abend|Grüß Gott] [zusammen|an alle|mein Freund|Ossian|liebes Modell|du da|ihr Lieben][|!|.]",
            "[|Hallo, |Guten Tag, |Hi, ][wie geht es dir|wie geht es Ihnen|wie geht's dir|geht es dir gut|geht es Ihnen gut|alles in Ordnung bei dir][| heute| heute Morgen]" + END,
            "[|Hallo, |Guten Tag, |Entschuldigung, ][sprichst du|sprechen Sie|kannst du|verstehst du|können Sie|verstehen Sie] Deutsch" + END,
        ),
        "identity": (
            OPENER + "[wer bist du|wer sind Sie|was bist du|was sind Sie|wer ist Ossian|bist du ein Roboter|sind Sie ein Roboter|bist du ChatGPT|bist du ein Mensch][| eigentlich| genau]" + END,
            OPENER + "[wie heißt du|wie heißen Sie|wie ist dein Name|wie ist Ihr Name|was ist dein Name]" + END,
            OPENER + "[welches Modell bist du|welches Modell sind Sie|wer hat dich gemacht|wer hat Sie gemacht|wer hat dich gebaut]" + END,
            "[Stell dich vor|Stellen Sie sich vor|Erzähl mir von dir|Erzählen Sie von sich][|, bitte][.|]",
        ),
        "abilities": (
            OPENER + "was [kannst du|können Sie|kannst du alles|können Sie alles|kannst du denn|weißt du][| für mich tun| machen| genau]" + END,
            OPENER + "[kannst du mir helfen|können Sie mir helfen|wie kannst du mir helfen|was sind deine Fähigkeiten|was sind Ihre Fähigkeiten]" + END,
            "[Hilf mir|Helfen Sie mir|Ich brauche Hilfe][|, bitte][.|]",
        ),
        "thanks": (
            "Danke", "Danke!", "Danke schön", "Vielen Dank", "[Super|Sehr gut|Prima|Toll|Alles klar][|, danke][|.|!]",
            "[|Super, |Prima, |Sehr gut, |Ah, |Toll, ][danke|vielen Dank|besten Dank|herzlichen Dank|ich danke dir|danke schön] [für alles|für die Antwort|für deine Hilfe|für Ihre Hilfe|noch einmal|dafür][|.|!]",
        ),
        "goodbye": (
            "Auf Wiedersehen", "Tschüss", "Tschüss!", "Ade", "Bis bald",
            "[|Danke, |Danke und |Gut, |Alles klar, |Super, ][auf Wiedersehen|tschüss|bis bald|bis morgen|bis später|bis zum nächsten Mal|gute Nacht|schönen Tag noch|schönen Abend][| Ossian| mein Freund| und danke| zusammen][|.|!]",
        ),
        "capital": (
            OPENER + "[was ist|wie heißt|welches ist|kennst du|kennen Sie|weißt du, was ist|kannst du mir sagen, wie heißt] die Hauptstadt {c}" + END,
            OPENER + "[welche Stadt ist die|wie lautet die|was ist noch mal die] Hauptstadt {c}" + END,
            "[Nenne|Nenne mir|Nennen Sie|Nennen Sie mir|Sag mir|Gib mir|Ich suche|Ich brauche] [|bitte ]die Hauptstadt {c}[.|.|]", "[Die Hauptstadt|Hauptstadt] {c}" + END,
        ),
        "country": (
            OPENER + "{x} ist die Hauptstadt von welchem Land" + END, OPENER + "von welchem Land ist {x} die Hauptstadt" + END,
            OPENER + "welches Land hat [als Hauptstadt {x}|{x} als Hauptstadt]" + END, OPENER + "in welchem Land [liegt|ist] {x}" + END,
        ),
        "sum": (
            OPENER + "[was ist|wie viel ist|was ergibt|wie viel ergibt|berechne|berechnen Sie|rechne|kannst du berechnen|was macht|wie lautet das Ergebnis von] {e}" + END,
        ),
        "other": (
            OPENER + "[kannst du mir |können Sie mir |][erzähl mir|erzähle|erzählen Sie] [einen Witz|eine Geschichte|ein Märchen|etwas Lustiges][| über Katzen| für Kinder]" + END,
            OPENER + "[wie ist das Wetter|wie wird das Wetter|regnet es|ist es kalt][| in Berlin| in Wien| in Zürich| hier][| heute| morgen]" + END,
            OPENER + "[wer ist der Präsident|wer ist der König|wie viele Einwohner hat die Hauptstadt|was ist die Währung|was ist die Geschichte] von [Deutschland|Spanien|Kanada|Österreich|Japan]" + END,
            OPENER + "[schreib|schreibe|schreiben Sie] [ein Gedicht|einen Brief|ein Lied|eine E-Mail|einen Text] [über das Meer|über die Liebe|an meinen Chef|für meine Mutter|über den Winter][.|]",
            OPENER + "[wie backt man|wie macht man|wie koche ich|wie finde ich] [einen Kuchen|ein Brot|ein Omelett|Nudeln|einen guten Film|Arbeit]" + END,
            OPENER + "[erkläre mir|erklären Sie mir|was bedeutet|was ist eigentlich|erzähl mir etwas über] [die Schwerkraft|maschinelles Lernen|Quantenphysik|die Photosynthese|Liebe|Freiheit|das Internet]" + END,
            OPENER + "[warum ist der Himmel blau|wie spät ist es|welcher Tag ist heute|wo ist der Bahnhof|wann fährt der Zug|was soll ich heute kochen|wie lerne ich Klavier]" + END,
            "[Übersetze|Übersetzen Sie|Korrigiere|Korrigieren Sie|Fasse] [diesen Text|diesen Satz|meine Hausaufgabe|diesen Brief|diesen Artikel][|, bitte| ins Englische| zusammen][.|]",
        ),
    },
    places=places("""
Albania: von Albanien, Tirana
Andorra: von Andorra, Andorra la Vella
Armenia: von Armenien, Jerewan
Austria: von Österreich, Wien
Azerbaijan: von Aserbaidschan, Baku
Belarus: von Belarus, Minsk
Belgium: von Belgien, Brüssel
Bosnia and Herzegovina: von Bosnien und Herzegowina, Sarajevo
Bulgaria: von Bulgarien, Sofia
Croatia: von Kroatien, Zagreb
Cyprus: von Zypern, Nikosia
Czechia: von Tschechien, Prag
Denmark: von Dänemark, Kopenhagen
Estonia: von Estland, Tallinn
Finland: von Finnland, Helsinki
France: von Frankreich, Paris
Georgia: von Georgien, Tiflis
Germany: von Deutschland, Berlin
Greece: von Griechenland, Athen
Hungary: von Ungarn, Budapest
Iceland: von Island, Reykjavik
Ireland: von Irland, Dublin
Italy: von Italien, Rom
Kazakhstan: von Kasachstan, Astana
Kosovo: des Kosovo, Pristina
Latvia: von Lettland, Riga
Liechtenstein: von Liechtenstein, Vaduz
Lithuania: von Litauen, Vilnius
Luxembourg: von Luxemburg, Luxemburg
Malta: von Malta, Valletta
Moldova: von Moldawien, Chisinau
Monaco: von Monaco, Monaco
Montenegro: von Montenegro, Podgorica
the Netherlands: der Niederlande, Amsterdam
North Macedonia: von Nordmazedonien, Skopje
Norway: von Norwegen, Oslo
Poland: von Polen, Warschau
Portugal: von Portugal, Lissabon
Romania: von Rumänien, Bukarest
Russia: von Russland, Moskau
San Marino: von San Marino, San Marino
Serbia: von Serbien, Belgrad
Slovakia: der Slowakei, Bratislava
Slovenia: von Slowenien, Ljubljana
Spain: von Spanien, Madrid
Sweden: von Schweden, Stockholm
Switzerland: der Schweiz, Bern
Turkey: der Türkei, Ankara
Ukraine: der Ukraine, Kyjiw
the United Kingdom: des Vereinigten Königreichs, London
the Vatican: des Vatikans, die Vatikanstadt
England: von England, London
Scotland: von Schottland, Edinburgh
Wales: von Wales, Cardiff
Northern Ireland: von Nordirland, Belfast
"""),
)  # fmt: skip
