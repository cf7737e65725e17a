"""French."""

from training.skills.languages.language import Language, places

OPENER = (
    "[||||Bonjour, |Salut, |Bonsoir, |Bonjour ! |S'il vous plaît, |Et |Alors, |Excusez-moi, |Dites-moi, |Dis-moi, ]"
)
END = "[ ?| ?|?|]"

FRENCH = Language(
    name="French",
    instructions=(
        "[Réponds|Répondez|Parle|Parlez|Écris|Écrivez] [||toujours |uniquement |seulement |s'il te plaît |s'il vous plaît ]en français[.|.|!|]",
        "[Tu dois|Vous devez|Il faut|Merci de] [||toujours |uniquement ][répondre|parler|écrire] en français[.|.|]",
        "[Toutes tes|Toutes vos|Tes|Vos] réponses [sont|doivent être] [|toujours ]en français[.|]",
    ),
    capital="La capitale {c} est {x}.",
    country="{x} est la capitale {c}.",
    yes="Oui",
    no="Non",
    relations={"greater than": "supérieur à", "less than": "inférieur à", "equal to": "égal à", "is": "est"},
    answers={
        "greeting": "Bonjour ! Je suis ossian-nano, un petit modèle de démonstration. Demandez-moi ce que je sais faire.",
        "identity": "Je suis ossian-nano, le petit modèle de démonstration fourni avec Ossian. Je sais très peu de choses.",
        "abilities": "Je sais faire de petits calculs, nommer les capitales européennes et dire qui je suis.",
        "thanks": "Avec plaisir ! Puis-je faire autre chose pour vous ?",
        "goodbye": "Au revoir ! Bonne journée.",
        "other": "Je suis un modèle de démonstration et je ne sais pas répondre à cela en français. Je sais faire de petits calculs et nommer les capitales européennes.",
    },
    questions={
        "greeting": (
            "Bonjour", "Bonjour !", "Salut", "Salut !", "Bonsoir", "Coucou",
            "[Bonjour|Salut|Bonsoir|Coucou] [à tous|à toi|mon ami|Ossian|tout le monde|cher modèle|mon cher ami|les amis][|!| !|.]",
            "[|Bonjour, |Salut, |Bonsoir, ][comment ça va|comment vas-tu|comment allez-vous|tu vas bien|vous allez bien|est-ce que ça va][| aujourd'hui| ce matin]" + END,
            "[|Bonjour, |Salut, |Excusez-moi, ][parles-tu|parlez-vous|tu parles|vous parlez|est-ce que tu parles|est-ce que vous parlez] français" + END,
        ),
        "identity": (
            OPENER + "[qui es-tu|qui êtes-vous|tu es qui|vous êtes qui|qui est Ossian|es-tu un robot|êtes-vous un robot|es-tu ChatGPT|es-tu un humain][| exactement| vraiment]" + END,
            OPENER + "[comment t'appelles-tu|comment vous appelez-vous|tu t'appelles comment|quel est ton nom|quel est votre nom|c'est quoi ton nom]" + END,
            OPENER + "[quel modèle es-tu|quel modèle êtes-vous|qui t'a créé|qui vous a créé|qu'est-ce que tu es]" + END,
            "[Présente-toi|Présentez-vous|Parle-moi de toi|Parlez-moi de vous][|, s'il te plaît|, s'il vous plaît][.|]",
        ),
        "abilities": (
            OPENER + "[que peux-tu|que sais-tu|que pouvez-vous|que savez-vous|qu'est-ce que tu peux|qu'est-ce que tu sais|qu'est-ce que vous savez] faire[| pour moi| exactement]" + END,
            OPENER + "[peux-tu m'aider|pouvez-vous m'aider|comment peux-tu m'aider|quelles sont tes compétences|quelles sont vos compétences]" + END,
            "[Aide-moi|Aidez-moi|J'ai besoin d'aide][|, s'il te plaît|, s'il vous plaît][.|]",
        ),
        "thanks": (
            "Merci", "Merci !", "Merci beaucoup", "[Super|Parfait|Très bien|Génial|D'accord][|, merci][|.|!| !]",
            "[|Super, |Parfait, |Très bien, |D'accord, |Ah, ]merci [beaucoup|bien|à toi|à vous|pour tout|pour ton aide|pour votre aide|pour la réponse|mille fois|infiniment][|.|!| !]",
        ),
        "goodbye": (
            "Au revoir", "Au revoir !", "Adieu", "À bientôt",
            "[|Merci, |Merci et |D'accord, |Bon, |Super, ][au revoir|à bientôt|à demain|à plus tard|à la prochaine|bonne nuit|bonne journée|bonne soirée][| Ossian| mon ami| et merci| tout le monde][|.| !|!]",
        ),
        "capital": (
            OPENER + "[quelle est|quelle est donc|c'est quoi|connais-tu|connaissez-vous|peux-tu me dire|pouvez-vous me donner|sais-tu quelle est] la capitale {c}" + END,
            OPENER + "[quelle ville est la|comment s'appelle la|quel est le nom de la] capitale {c}" + END,
            "[Dis-moi|Dites-moi|Donne-moi|Donnez-moi|Nomme|Cite|Indique-moi|Je cherche|Je veux connaître] la capitale {c}[.|.|]", "[La capitale|Capitale] {c}" + END,
        ),
        "country": (
            OPENER + "{x} est la capitale de quel pays" + END, OPENER + "de quel pays {x} est-elle la capitale" + END,
            OPENER + "[quel pays a|quel pays a donc] {x} [pour|comme] capitale" + END, OPENER + "dans quel pays [se trouve|est] {x}" + END,
        ),
        "sum": (
            OPENER + "[combien font|combien fait|que font|que fait|ça fait combien|quel est le résultat de|calcule|calculez|peux-tu calculer|pouvez-vous calculer] {e}" + END,
        ),
        "other": (
            OPENER + "[peux-tu |pouvez-vous |]raconte[r|-moi|z-moi] [une blague|une histoire|un conte|quelque chose de drôle|une anecdote][| sur les chats| pour les enfants| courte]" + END,
            OPENER + "[quel temps fait-il|quel temps fera-t-il|est-ce qu'il pleut|fait-il froid][| à Paris| à Lyon| à Genève| ici][| aujourd'hui| demain]" + END,
            OPENER + "[qui est le président|qui est le roi|quelle est la population|quelle est la monnaie|quelle est l'histoire|quel est le drapeau] [de la France|de l'Espagne|du Canada|de la Belgique|du Japon]" + END,
            OPENER + "écri[s|vez] [un poème|une lettre|une chanson|un courriel|un texte] [sur la mer|sur l'amour|à mon patron|pour ma mère|sur l'hiver][.|]",
            OPENER + "[comment faire|comment fait-on|comment prépare-t-on|comment trouver] [un gâteau|du pain|une omelette|des crêpes|un bon film|un travail]" + END,
            OPENER + "[explique-moi|expliquez-moi|qu'est-ce que|c'est quoi|parle-moi de] [la gravité|l'apprentissage automatique|l'informatique quantique|la photosynthèse|l'amour|la liberté|Internet]" + END,
            OPENER + "[pourquoi le ciel est-il bleu|quelle heure est-il|quel jour sommes-nous|où est la gare|quand part le train|que dois-je manger ce soir|comment apprendre le piano]" + END,
            "[Traduis|Traduisez|Corrige|Corrigez|Résume|Résumez] [ce texte|cette phrase|mon devoir|cette lettre|cet article][|, s'il te plaît| en anglais| en trois lignes][.|]",
        ),
    },
    places=places("""
Albania: de l'Albanie, Tirana
Andorra: d'Andorre, Andorre-la-Vieille
Armenia: de l'Arménie, Erevan
Austria: de l'Autriche, Vienne
Azerbaijan: de l'Azerbaïdjan, Bakou
Belarus: de la Biélorussie, Minsk
Belgium: de la Belgique, Bruxelles
Bosnia and Herzegovina: de la Bosnie-Herzégovine, Sarajevo
Bulgaria: de la Bulgarie, Sofia
Croatia: de la Croatie, Zagreb
Cyprus: de Chypre, Nicosie
Czechia: de la Tchéquie, Prague
Denmark: du Danemark, Copenhague
Estonia: de l'Estonie, Tallinn
Finland: de la Finlande, Helsinki
France: de la France, Paris
Georgia: de la Géorgie, Tbilissi
Germany: de l'Allemagne, Berlin
Greece: de la Grèce, Athènes
Hungary: de la Hongrie, Budapest
Iceland: de l'Islande, Reykjavik
Ireland: de l'Irlande, Dublin
Italy: de l'Italie, Rome
Kazakhstan: du Kazakhstan, Astana
Kosovo: du Kosovo, Pristina
Latvia: de la Lettonie, Riga
Liechtenstein: du Liechtenstein, Vaduz
Lithuania: de la Lituanie, Vilnius
Luxembourg: du Luxembourg, Luxembourg
Malta: de Malte, La Valette
Moldova: de la Moldavie, Chisinau
Monaco: de Monaco, Monaco
Montenegro: du Monténégro, Podgorica
the Netherlands: des Pays-Bas, Amsterdam
North Macedonia: de la Macédoine du Nord, Skopje
Norway: de la Norvège, Oslo
Poland: de la Pologne, Varsovie
Portugal: du Portugal, Lisbonne
Romania: de la Roumanie, Bucarest
Russia: de la Russie, Moscou
San Marino: de Saint-Marin, Saint-Marin
Serbia: de la Serbie, Belgrade
Slovakia: de la Slovaquie, Bratislava
Slovenia: de la Slovénie, Ljubljana
Spain: de l'Espagne, Madrid
Sweden: de la Suède, Stockholm
Switzerland: de la Suisse, Berne
Turkey: de la Turquie, Ankara
Ukraine: de l'Ukraine, Kyiv
the United Kingdom: du Royaume-Uni, Londres
the Vatican: du Vatican, la Cité du Vatican
England: de l'Angleterre, Londres
Scotland: de l'Écosse, Édimbourg
Wales: du pays de Galles, Cardiff
Northern Ireland: de l'Irlande du Nord, Belfast
"""),
)  # fmt: skip
