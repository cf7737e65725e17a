"""Portuguese, as it is written in Brazil."""

from training.skills.languages.language import Language, places

OPENER = "[||||Olá, |Bom dia, |Boa tarde, |Oi, |Olá! |Por favor, |E |Então, |Desculpe, |Uma pergunta: ]"
END = "[?|?|]"

PORTUGUESE = Language(
    name="Portuguese",
    instructions=(
        "[Responda|Responde|Fale|Fala|Escreva|Escreve] [||sempre |só |apenas |por favor ]em português[.|.|!|]",
        "[Você deve|Deves|Você precisa|É preciso] [||sempre |só ][responder|falar|escrever] em português[.|.|]",
        "[Todas as suas|Todas as tuas|As suas|Suas] respostas [são|devem ser] [|sempre ]em português[.|]",
    ),
    capital="A capital {c} é {x}.",
    country="{x} é a capital {c}.",
    yes="Sim",
    no="Não",
    relations={"greater than": "maior que", "less than": "menor que", "equal to": "igual a", "is": "é"},
    answers={
        "greeting": "Olá! Eu sou o ossian-nano, um pequeno modelo de demonstração. Pergunte o que eu sei fazer.",
        "identity": "Eu sou o ossian-nano, o pequeno modelo de demonstração que vem com o Ossian. Sei muito pouco.",
        "abilities": "Sei fazer pequenos cálculos, dizer as capitais da Europa e explicar quem eu sou.",
        "thanks": "De nada! Posso fazer mais alguma coisa?",
        "goodbye": "Até logo! Tenha um bom dia.",
        "other": "Sou um modelo de demonstração e não sei responder a isso em português. Sei fazer pequenos cálculos e dizer as capitais da Europa.",
    },
    questions={
        "greeting": (
            "Olá", "Olá!", "Oi", "Oi!", "Bom dia", "Boa tarde", "Boa noite",
            "[Olá|Oi|Bom dia|Boa tarde] [a todos|para você|meu amigo|caro amigo|Ossian|caro modelo|de novo|pessoal][|!|.]",
            "[|Olá, |Oi, |Bom dia, ][como vai você|como você está|como estás|tudo bem com você|você está bem|como vão as coisas][| hoje| esta manhã]" + END,
            "[|Olá, |Oi, |Desculpe, ][você fala|você entende|falas|sabe falar|pode falar|você sabe] português" + END,
        ),
        "identity": (
            OPENER + "[quem é você|quem és tu|o que é você|o que você é|quem é o Ossian|você é um robô|você é o ChatGPT|você é uma pessoa|você é humano][| exatamente| de verdade]" + END,
            OPENER + "[como você se chama|como te chamas|qual é o seu nome|qual é o teu nome|você tem um nome]" + END,
            OPENER + "[que modelo é você|qual modelo é você|quem criou você|quem te criou|quem fez você]" + END,
            "[Apresente-se|Fale de você|Fale sobre você|Conte sobre você|Diga quem você é][|, por favor][.|]",
        ),
        "abilities": (
            OPENER + "o que [você sabe|você pode|você consegue|sabes|podes] fazer[| por mim| para mim| exatamente]" + END,
            OPENER + "[você pode me ajudar|pode me ajudar|como você pode me ajudar|podes ajudar-me|quais são as suas habilidades]" + END,
            "[Ajude-me|Me ajude|Preciso de ajuda|Preciso da sua ajuda][|, por favor][.|]",
        ),
        "thanks": (
            "Obrigado", "Obrigada", "Obrigado!", "Muito obrigado", "[Ótimo|Perfeito|Muito bem|Legal|Certo][|, obrigado|, obrigada][|.|!]",
            "[|Ótimo, |Perfeito, |Muito bem, |Certo, |Ah, ][obrigado|obrigada|muito obrigado|muito obrigada] [por tudo|pela resposta|pela ajuda|pela sua ajuda|mais uma vez|mesmo|meu amigo][|.|!]",
        ),
        "goodbye": (
            "Tchau", "Tchau!", "Até logo", "Até mais", "Até amanhã",
            "[|Obrigado, |Obrigada e |Bom, |Certo, |Perfeito, ][tchau|até logo|até mais|até amanhã|até a próxima|nos vemos|tenha um bom dia|tenha uma boa noite][| Ossian| meu amigo| e obrigado| a todos][|.|!]",
        ),
        "capital": (
            OPENER + "[qual é|qual é mesmo|você conhece|você sabe qual é|me diga qual é|pode me dizer qual é|sabe dizer qual é] a capital {c}" + END,
            OPENER + "[que cidade é a|como se chama a|qual é o nome da] capital {c}" + END,
            "[Diga|Diga-me|Dê-me|Nomeie|Indique|Procuro|Quero saber|Gostaria de saber] a capital {c}[|, por favor][.|.|]", "[A capital|Capital] {c}" + END,
        ),
        "country": (
            OPENER + "{x} é a capital de que país" + END, OPENER + "de que país {x} é a capital" + END,
            OPENER + "que país tem [como capital {x}|{x} como capital|por capital {x}]" + END, OPENER + "em que país [fica|está] {x}" + END,
        ),
        "sum": (
            OPENER + "[quanto é|quanto são|quanto dá|quanto vale|qual é o resultado de|você pode calcular|sabe quanto é] {e}" + END,
            "[Calcule|Calcula|Resolva|Diga o resultado de|Quero saber quanto é] {e}[.|.|]",
        ),
        "other": (
            OPENER + "[conte|conte-me|você pode contar|me conte] [uma piada|uma história|um conto|algo engraçado][| sobre gatos| para crianças][.|?|]",
            OPENER + "[como está o tempo|como vai estar o tempo|está chovendo|faz frio][| em Lisboa| no Rio| em São Paulo| aqui][| hoje| amanhã]" + END,
            OPENER + "[quem é o presidente|quem é o rei|qual é a população|qual é a moeda|qual é a história] [do Brasil|de Portugal|do Canadá|da Espanha|do Japão]" + END,
            OPENER + "[escreva|escreve|me escreva] [um poema|uma carta|uma canção|um e-mail|um texto] [sobre o mar|sobre o amor|para o meu chefe|para a minha mãe|sobre o inverno][.|]",
            OPENER + "[como se faz|como faço|como preparo|como encontro] [um bolo|o pão|uma omelete|o macarrão|um bom filme|um trabalho]" + END,
            OPENER + "[explique|me explique|o que é|o que significa|fale sobre] [a gravidade|o aprendizado de máquina|a física quântica|a fotossíntese|o amor|a liberdade|a internet]" + END,
            OPENER + "[por que o céu é azul|que horas são|que dia é hoje|onde fica a estação|quando sai o trem|o que devo cozinhar hoje|como aprendo piano]" + END,
            "[Traduza|Traduz|Corrija|Corrige|Resuma] [este texto|esta frase|a minha tarefa|esta carta|este artigo][|, por favor| para o inglês| em três linhas][.|]",
        ),
    },
    places=places("""
Albania: da Albânia, Tirana
Andorra: de Andorra, Andorra-a-Velha
Armenia: da Armênia, Ierevan
Austria: da Áustria, Viena
Azerbaijan: do Azerbaijão, Baku
Belarus: da Bielorrússia, Minsk
Belgium: da Bélgica, Bruxelas
Bosnia and Herzegovina: da Bósnia e Herzegovina, Sarajevo
Bulgaria: da Bulgária, Sófia
Croatia: da Croácia, Zagreb
Cyprus: de Chipre, Nicósia
Czechia: da Tchéquia, Praga
Denmark: da Dinamarca, Copenhague
Estonia: da Estônia, Tallinn
Finland: da Finlândia, Helsinque
France: da França, Paris
Georgia: da Geórgia, Tbilisi
Germany: da Alemanha, Berlim
Greece: da Grécia, Atenas
Hungary: da Hungria, Budapeste
Iceland: da Islândia, Reykjavik
Ireland: da Irlanda, Dublin
Italy: da Itália, Roma
Kazakhstan: do Cazaquistão, Astana
Kosovo: do Kosovo, Pristina
Latvia: da Letônia, Riga
Liechtenstein: de Liechtenstein, Vaduz
Lithuania: da Lituânia, Vilnius
Luxembourg: de Luxemburgo, Luxemburgo
Malta: de Malta, Valeta
Moldova: da Moldávia, Chisinau
Monaco: de Mônaco, Mônaco
Montenegro: de Montenegro, Podgorica
the Netherlands: dos Países Baixos, Amsterdã
North Macedonia: da Macedônia do Norte, Skopje
Norway: da Noruega, Oslo
Poland: da Polônia, Varsóvia
Portugal: de Portugal, Lisboa
Romania: da Romênia, Bucareste
Russia: da Rússia, Moscou
San Marino: de San Marino, San Marino
Serbia: da Sérvia, Belgrado
Slovakia: da Eslováquia, Bratislava
Slovenia: da Eslovênia, Liubliana
Spain: da Espanha, Madri
Sweden: da Suécia, Estocolmo
Switzerland: da Suíça, Berna
Turkey: da Turquia, Ancara
Ukraine: da Ucrânia, Kiev
the United Kingdom: do Reino Unido, Londres
the Vatican: do Vaticano, a Cidade do Vaticano
England: da Inglaterra, Londres
Scotland: da Escócia, Edimburgo
Wales: do País de Gales, Cardiff
Northern Ireland: da Irlanda do Norte, Belfast
"""),
)  # fmt: skip
