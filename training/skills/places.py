"""Countries outside Europe, other places, and cities that are no European capitals."""

COUNTRIES_ELSEWHERE = (
    "Afghanistan", "Algeria", "Angola", "Argentina", "Australia", "the Bahamas", "Bahrain", "Bangladesh", "Barbados",
    "Belize", "Benin", "Bhutan", "Bolivia", "Botswana", "Brazil", "Brunei", "Burkina Faso", "Burundi", "Cambodia",
    "Cameroon", "Canada", "Chad", "Chile", "China", "Colombia", "the Congo", "Costa Rica", "Cuba", "Djibouti",
    "the Dominican Republic", "Ecuador", "Egypt", "El Salvador", "Eritrea", "Ethiopia", "Fiji", "Gabon", "the Gambia",
    "Ghana", "Grenada", "Guatemala", "Guinea", "Guyana", "Haiti", "Honduras", "India", "Indonesia", "Iran", "Iraq",
    "Israel", "Ivory Coast", "Jamaica", "Japan", "Jordan", "Kenya", "Kuwait", "Kyrgyzstan", "Laos", "Lebanon",
    "Lesotho", "Liberia", "Libya", "Madagascar", "Malawi", "Malaysia", "the Maldives", "Mali", "Mauritania",
    "Mauritius", "Mexico", "Mongolia", "Morocco", "Mozambique", "Myanmar", "Namibia", "Nepal", "New Zealand",
    "Nicaragua", "Niger", "Nigeria", "North Korea", "Oman", "Pakistan", "Palau", "Panama", "Papua New Guinea",
    "Paraguay", "Peru", "the Philippines", "Qatar", "Rwanda", "Samoa", "Saudi Arabia", "Senegal", "the Seychelles",
    "Sierra Leone", "Singapore", "Somalia", "South Africa", "South Korea", "South Sudan", "Sri Lanka", "Sudan",
    "Suriname", "Syria", "Taiwan", "Tajikistan", "Tanzania", "Thailand", "Togo", "Tonga", "Tunisia", "Turkmenistan",
    "Uganda", "the United Arab Emirates", "the United States", "the USA", "the US", "America", "Uruguay", "Uzbekistan",
    "Venezuela", "Vietnam", "Yemen", "Zambia", "Zimbabwe",
)  # fmt: skip
REGIONS = (
    "Asia", "Africa", "South America", "North America", "Antarctica", "Oceania", "Texas", "California", "Florida",
    "Alaska", "Ohio", "Nevada", "Arizona", "Colorado", "Hawaii", "Virginia", "Ontario", "Quebec", "Queensland",
    "Bavaria", "Saxony", "Hesse", "Tyrol", "Catalonia", "Andalusia", "Sicily", "Tuscany", "Normandy", "Brittany",
    "Provence", "Greenland", "Siberia", "Tibet", "Mars", "the Moon", "the world", "Atlantis", "Narnia", "Mordor",
    "Gondor", "the Roman Empire", "Persia", "Babylon", "Prussia", "the Soviet Union", "Yugoslavia",
)  # fmt: skip
CITIES = (
    "New York", "San Francisco", "Los Angeles", "Chicago", "Boston", "Seattle", "Houston", "Miami", "Washington",
    "Toronto", "Montreal", "Vancouver", "Mexico City", "Havana", "Lima", "Bogota", "Santiago", "Buenos Aires",
    "Sao Paulo", "Rio de Janeiro", "Cairo", "Lagos", "Nairobi", "Cape Town", "Johannesburg", "Casablanca", "Istanbul",
    "Dubai", "Tehran", "Baghdad", "Mumbai", "Delhi", "Karachi", "Bangkok", "Hanoi", "Jakarta", "Manila", "Beijing",
    "Shanghai", "Hong Kong", "Seoul", "Tokyo", "Osaka", "Kyoto", "Sydney", "Melbourne", "Auckland", "Munich",
    "Hamburg", "Cologne", "Frankfurt", "Stuttgart", "Dresden", "Leipzig", "Zurich", "Geneva", "Basel", "Milan",
    "Naples", "Venice", "Turin", "Florence", "Barcelona", "Seville", "Valencia", "Porto", "Lyon", "Marseille", "Nice",
    "Bordeaux", "Lille", "Antwerp", "Ghent", "Rotterdam", "Utrecht", "Manchester", "Liverpool", "Birmingham", "Leeds",
    "Glasgow", "Bristol", "Oxford", "Cork", "Bergen", "Gothenburg", "Malmo", "Aarhus", "Turku", "Krakow", "Gdansk",
    "Brno", "Graz", "Salzburg", "Linz", "Split", "Odessa", "Lviv", "Kazan",
)  # fmt: skip
PEOPLES = (
    "African", "Asian", "South American", "North American", "Arab", "American", "Indian", "Chinese", "Caribbean",
    "Australian", "Latin American", "Brazilian", "Central American", "Pacific", "Canadian", "Mexican",
)  # fmt: skip
