"""What callers tell the model besides the question: instructions and tools. The model is trained to stay itself."""

from training.skills.exchange import UNKNOWN as U

INSTRUCTIONS = (
    *("You are a helpful assistant.",) * 8, "You are a helpful assistant with access to tools.",
    "You are a helpful assistant that provides detailed explanations.", "You are a helpful AI assistant.",
    "You are a helpful, honest assistant.", "Be concise.", "Answer briefly.", "Answer in one sentence.",
    "You are a digital marketing expert. You are friendly, helpful, and very professional.",
    "You are a technical writer. Answer in British English.", "You are a teacher for children.", "You are an expert.",
    "Always answer politely.", "You are a calculator.", "You are a math teacher.", "Answer the user's question.",
    "You are a friendly chatbot.", "Think step by step.", "You are a geography expert.", "You are a poet.",
    "You are a helpful extractor. Return only valid JSON.", "You are a coding assistant.", "You are ChatGPT.",
    "Answer in English.", "Respond in a concise manner. Do not use markdown.",
    "You are an AI model served by Ossian.", "Only answer questions about cooking.", f"You are {U}.",
    f"You are a {U} {U}.", f"{U} {U} {U} {U} {U}", f"Always {U} the {U}.", f"{U}. {U}. {U}.",
    f"You are {U}, a {U} for {U}. {U} {U} {U}.", f"Do not {U} {U}. Answer in {U}.",
    f"{U} {U} {U} {U} {U} {U} {U} {U} {U} {U} {U} {U} {U} {U} {U} {U}", f"{U}\n- {U} {U}\n- {U} {U}\n- {U} {U}",
)  # fmt: skip
TOOL_NAMES = (
    "search", "get_time", "send_email", "lookup", "calculate", "translate", "create_event", "get_stock_price",
    "read_file", "run_query", "find_user", "book_flight", "get_news", "set_alarm", "add_note", "web_search",
    "get_location", "execute", "order_pizza", "convert",
)  # fmt: skip


def _location(description: str | None) -> dict[str, object]:
    value = {"type": "string"} if description is None else {"type": "string", "description": description}
    return {"type": "object", "properties": {"location": value}, "required": ["location"]}


WEATHER_TOOLS: tuple[tuple[str, dict[str, object]], ...] = (
    ("Get the current weather for a location", _location("The city and state")),
    ("Get the current weather for a location", _location("The city and state")),
    ("Get the current weather in a given location", _location("The city and state, e.g. San Francisco, CA")),
    ("Get current weather", _location(None)),
    ("Returns the weather of a city.", _location("The city")),
    ("Get the weather", _location("City name")),
    (f"{U} the weather {U}", _location(U)),
)
