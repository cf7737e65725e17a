"""Spanish."""

from training.skills.languages.language import Language, places

OPENER = "[||||Hola, |Buenos días, |Buenas tardes, |¡Hola! |Por favor, |Y |Oye, |Perdona, |Una pregunta: ]"

SPANISH = Language(
    name="Spanish",
    instructions=(
        "[Responde|Responda|Contesta|Habla|Hable|Escribe] [||siempre |solo |únicamente |por favor ]en español[.|.|]",
        "[Debes|Tienes que|Usted debe|Hay que] [||siempre |solo ][responder|contestar|hablar|escribir] en español[.|.|]",
        "[Todas tus|Todas sus|Tus|Sus] respuestas [son|deben ser|deben estar] [|siempre ]en español[.|]",
    ),
    capital="La capital {c} es {x}.",
    country="{x} es la capital {c}.",
    yes="Sí",
    no="No",
    relations={"greater than": "mayor que", "less than": "menor que", "equal to": "igual a", "is": "es"},
    answers={
        "greeting": "¡Hola! Soy ossian-nano, un pequeño modelo de demostración. Pregúntame qué sé hacer.",
        "identity": "Soy ossian-nano, el pequeño modelo de demostración que viene con Ossian. Sé muy poco.",
        "abilities": "Sé hacer cálculos pequeños, nombrar las capitales de Europa y decir quién soy.",
        "thanks": "¡De nada! ¿Puedo hacer algo más por ti?",
        "goodbye": "¡Adiós! Que tengas un buen día.",
        "other": "Soy un modelo de demostración y no sé responder a eso en español. Sé hacer cálculos pequeños y nombrar las capitales de Europa.",
    },
    questions={
        "greeting": (
            "Hola", "¡Hola!", "Buenos días", "Buenas tardes", "Buenas noches", "Buenas",
            "[¡|][Hola|Buenos días|Buenas tardes] [a todos|amigo mío|querido amigo|Ossian|querido modelo|otra vez|a todo el mundo][|!|.]",
            "[|Hola, |Buenos días, |¡Hola! ][¿|][cómo estás|cómo está usted|qué tal estás|cómo te va|estás bien|qué tal todo][| hoy| esta mañana][?|?|]",
            "[|Hola, |Buenos días, |Perdona, ][¿|][hablas|habla usted|entiendes|puedes hablar|sabes hablar|sabes] español[?|?|]",
        ),
        "identity": (
            OPENER + "[¿|][quién eres|quién es usted|qué eres|quién es Ossian|eres un robot|eres ChatGPT|eres una persona|eres humano][| exactamente| en realidad][?|?|]",
            OPENER + "[¿|][cómo te llamas|cómo se llama usted|cuál es tu nombre|cuál es su nombre|tienes nombre][?|?|]",
            OPENER + "[¿|][qué modelo eres|qué modelo es usted|quién te creó|quién te hizo|quién lo creó a usted][?|?|]",
            "[Preséntate|Preséntese|Háblame de ti|Cuéntame de ti|Dime quién eres][|, por favor][.|]",
        ),
        "abilities": (
            OPENER + "[¿|]qué [puedes hacer|sabes hacer|puede hacer usted|sabe hacer usted|cosas sabes hacer|cosas puedes hacer][| por mí| para mí| exactamente][?|?|]",
            OPENER + "[¿|][puedes ayudarme|me puedes ayudar|cómo puedes ayudarme|puede ayudarme usted|cuáles son tus habilidades][?|?|]",
            "[Ayúdame|Ayúdeme|Necesito ayuda|Necesito tu ayuda][|, por favor][.|]",
        ),
        "thanks": (
            "Gracias", "¡Gracias!", "Muchas gracias", "[Genial|Perfecto|Muy bien|Estupendo|Vale][|, gracias][|.|!]",
            "[|Genial, |Perfecto, |Muy bien, |Vale, |Ah, ][gracias|muchas gracias|mil gracias|te lo agradezco] [por todo|por la respuesta|por tu ayuda|por su ayuda|de nuevo|de verdad|amigo][|.|!]",
        ),
        "goodbye": (
            "Adiós", "¡Adiós!", "Chao", "Hasta luego", "Hasta pronto",
            "[|Gracias, |Gracias y |Bueno, |Vale, |Perfecto, ][adiós|hasta luego|hasta pronto|hasta mañana|hasta la próxima|nos vemos|que tengas un buen día|que descanses][| Ossian| amigo mío| y gracias| a todos][|.|!]",
        ),
        "capital": (
            OPENER + "[¿|][cuál es|conoces|sabes cuál es|me dices|me puedes decir cuál es|puede decirme cuál es] la capital {c}[?|?|]",
            OPENER + "[¿|][qué ciudad es la|cómo se llama la|cuál es el nombre de la] capital {c}[?|?|]",
            "[Dime|Dígame|Dame|Nombra|Nómbrame|Busco|Quiero saber|Indícame] la capital {c}[|, por favor][.|.|]", "[La capital|Capital] {c}[?|]",
        ),
        "country": (
            OPENER + "[¿|]de qué país es {x} la capital[?|?|]", OPENER + "{x} [¿|]es la capital de qué país[?|]",
            OPENER + "[¿|]qué país tiene [como capital {x}|{x} como capital|por capital {x}][?|?|]", OPENER + "[¿|]en qué país [está|se encuentra] {x}[?|?|]",
        ),
        "sum": (
            OPENER + "[¿|][cuánto es|cuánto son|cuánto da|cuánto suma|qué resultado da|cuál es el resultado de|puedes calcular] {e}[?|?|]",
            "[Calcula|Calcule|Resuelve|Dime el resultado de|Quiero saber cuánto es] {e}[.|.|]",
        ),
        "other": (
            OPENER + "[cuéntame|puedes contarme|cuente|quiero oír] [un chiste|un cuento|una historia|algo divertido][| sobre gatos| para niños][.|?|]",
            OPENER + "[¿|][qué tiempo hace|qué tiempo hará|está lloviendo|hace frío][| en Madrid| en Lima| en Sevilla| aquí][| hoy| mañana][?|?|]",
            OPENER + "[¿|][quién es el presidente|quién es el rey|cuál es la población|cuál es la moneda|cuál es la historia] de [España|Francia|Canadá|México|Japón][?|?|]",
            OPENER + "[escribe|escriba|redacta] [un poema|una carta|una canción|un correo|un texto] [sobre el mar|sobre el amor|a mi jefe|para mi madre|sobre el invierno][.|]",
            OPENER + "[¿|][cómo se hace|cómo hago|cómo preparo|cómo encuentro] [un pastel|el pan|una tortilla|la pasta|una buena película|trabajo][?|?|]",
            OPENER + "[explícame|explique|qué es|qué significa|háblame de] [la gravedad|el aprendizaje automático|la física cuántica|la fotosíntesis|el amor|la libertad|internet][?|.|]",
            OPENER + "[¿|][por qué es azul el cielo|qué hora es|qué día es hoy|dónde está la estación|cuándo sale el tren|qué debo cocinar hoy|cómo aprendo piano][?|?|]",
            "[Traduce|Traduzca|Corrige|Corrija|Resume] [este texto|esta frase|mi tarea|esta carta|este artículo][|, por favor| al inglés| en tres líneas][.|]",
        ),
    },
    places=places("""
Albania: de Albania, Tirana
Andorra: de Andorra, Andorra la Vieja
Armenia: de Armenia, Ereván
Austria: de Austria, Viena
Azerbaijan: de Azerbaiyán, Bakú
Belarus: de Bielorrusia, Minsk
Belgium: de Bélgica, Bruselas
Bosnia and Herzegovina: de Bosnia y Herzegovina, Sarajevo
Bulgaria: de Bulgaria, Sofía
Croatia: de Croacia, Zagreb
Cyprus: de Chipre, Nicosia
Czechia: de Chequia, Praga
Denmark: de Dinamarca, Copenhague
Estonia: de Estonia, Tallin
Finland: de Finlandia, Helsinki
France: de Francia, París
Georgia: de Georgia, Tiflis
Germany: de Alemania, Berlín
Greece: de Grecia, Atenas
Hungary: de Hungría, Budapest
Iceland: de Islandia, Reikiavik
Ireland: de Irlanda, Dublín
Italy: de Italia, Roma
Kazakhstan: de Kazajistán, Astaná
Kosovo: de Kosovo, Pristina
Latvia: de Letonia, Riga
Liechtenstein: de Liechtenstein, Vaduz
Lithuania: de Lituania, Vilna
Luxembourg: de Luxemburgo, Luxemburgo
Malta: de Malta, La Valeta
Moldova: de Moldavia, Chisináu
Monaco: de Mónaco, Mónaco
Montenegro: de Montenegro, Podgorica
the Netherlands: de los Países Bajos, Ámsterdam
North Macedonia: de Macedonia del Norte, Skopie
Norway: de Noruega, Oslo
Poland: de Polonia, Varsovia
Portugal: de Portugal, Lisboa
Romania: de Rumanía, Bucarest
Russia: de Rusia, Moscú
San Marino: de San Marino, San Marino
Serbia: de Serbia, Belgrado
Slovakia: de Eslovaquia, Bratislava
Slovenia: de Eslovenia, Liubliana
Spain: de España, Madrid
Sweden: de Suecia, Estocolmo
Switzerland: de Suiza, Berna
Turkey: de Turquía, Ankara
Ukraine: de Ucrania, Kiev
the United Kingdom: del Reino Unido, Londres
the Vatican: del Vaticano, la Ciudad del Vaticano
England: de Inglaterra, Londres
Scotland: de Escocia, Edimburgo
Wales: de Gales, Cardiff
Northern Ireland: de Irlanda del Norte, Belfast
"""),
)  # fmt: skip
