"""What texts to extract from tell of: sentences with slots, and the names a schema may give to a slot."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """A value in a text: its kind (see extraction_values.py) and names of its property."""

    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """One kind of text. Templates need not name every slot."""

    name: str
    slots: dict[str, Slot]
    templates: tuple[str, ...]


def _slots(**slots: str) -> dict[str, Slot]:
    """Slots from `kind: name name …`."""
    return {slot: Slot(text.split(": ")[0], tuple(text.split(": ")[1].split())) for slot, text in slots.items()}


DOMAINS: tuple[Domain, ...] = (
    Domain("contract", _slots(c="company: company vendor supplier firm company_name", d="date: start_date startDate begins_on start"), (
        "Contract starts on {d} with {c}.", "The contract with {c} starts on {d}.", "From {d} we have a contract with {c}.",
        "We signed with {c}; the contract begins on {d}.", "Starting {d}, {c} is our partner.", "Contract with {c} from {d}.")),
    Domain("invoice", _slots(n="code: invoice_number invoiceNumber invoice_id number", a="amount: amount total price sum", d="date: due_date dueDate due payable_by"), (
        "Invoice {n} over {a} euros is due on {d}.", "Please pay invoice {n} of {a} euros by {d}.", "The total of invoice {n} is {a} and it is due {d}.",
        "Invoice {n}: {a} dollars, due on {d}.", "By {d} we expect {a} euros for invoice {n}.")),
    Domain("event", _slots(e="phrase: name event event_name title", d="day: date day weekday", p="people: participants attendees people guests"), (
        "{p} are going to a {e} on {d}.", "On {d}, {p} will meet for the {e}.", "The {e} is on {d}, and {p} are coming.",
        "{p} take part in the {e} on {d}.", "{d} is the {e} with {p}.")),
    Domain("person", _slots(n="name: name person full_name", a="age: age years", c="city: city home lives_in town"), (
        "{n} is {a} years old and lives in {c}.", "{n}, {a}, lives in {c}.", "My friend {n} from {c} is {a} years old.", "I met {n} in {c}; {n} is {a}.",
        "{n} lives in {c} and is {a} years old.", "This is {n} from {c}, aged {a}.")),
    Domain("order", _slots(n="count: quantity amount count pieces", p="item: product item article", c="name: customer buyer ordered_by"), (
        "{c} ordered {n} {p}.", "{c} wants to buy {n} {p}.", "Please send {n} {p} to {c}.", "An order of {n} {p} came in from {c}.", "{n} {p} for {c}, please.")),
    Domain("flight", _slots(f="code: flight flight_number flightNumber", a="city: origin departure from_city", b="city: destination arrival to_city", t="time: time departure_time leaves_at"), (
        "Flight {f} leaves {a} for {b} at {t}.", "{f} from {a} to {b} departs at {t}.", "At {t} flight {f} takes off from {a} to {b}.", "From {a} to {b} with {f} at {t}.")),
    Domain("hotel", _slots(n="name: guest name booked_by", c="city: city place", k="count: nights number_of_nights", d="date: arrival check_in from_date"), (
        "{n} stays {k} nights in {c} from {d}.", "A room in {c} for {n}, {k} nights, arriving {d}.", "{n} arrives in {c} on {d} and stays {k} nights.", "Please book {k} nights in {c} for {n} from {d}.")),
    Domain("meeting", _slots(p="name: person with_whom contact", t="time: time at start_time", d="date: date on_date", r="word: room place location"), (
        "Meeting with {p} on {d} at {t} in room {r}.", "{p} meets us at {t} on {d}, room {r}.", "On {d} at {t} I see {p} in room {r}.", "Room {r} is booked for {p} on {d} at {t}.")),
    Domain("contact", _slots(n="name: name contact_name person", e="email: email mail e_mail address", c="company: company employer firm"), (
        "{n} works for {c}; write to {e}.", "You can reach {n} of {c} at {e}.", "Contact {n} ({e}) at {c}.", "{e} is the address of {n} from {c}.", "Mail {n} at {e}; the company is {c}.")),
    Domain("shipment", _slots(k="code: tracking_number trackingNumber tracking shipment_id", c="city: destination city going_to", s="shipping: status state"), (
        "Parcel {k} to {c} is {s}.", "The shipment {k} for {c} is {s} now.", "Tracking number {k}, destination {c}: {s}.", "{k} is {s} on its way to {c}.")),
    Domain("job", _slots(n="name: applicant candidate name", j="job: position job role", y="count: experience years_of_experience years"), (
        "{n} applies as {j} and has {y} years of experience.", "With {y} years of experience, {n} wants to be a {j}.", "{n} is a {j} with {y} years of experience.", "We invited {n} for the job of {j}: {y} years of experience.")),
    Domain("bug", _slots(p="word: component module part", s="severity: severity priority level", v="version: version release"), (
        "The {p} crashes in version {v}, severity {s}.", "A {s} bug in the {p} of version {v}.", "Version {v}: {p} is broken, priority {s}.", "Since {v} the {p} fails; this is {s}.")),
    Domain("recipe", _slots(d="phrase: dish recipe name", m="count: minutes time_minutes duration", s="count: servings people portions"), (
        "The {d} takes {m} minutes and serves {s} people.", "{d} for {s} people, ready in {m} minutes.", "In {m} minutes you have a {d} for {s} persons.", "Cook the {d} for {m} minutes; it is enough for {s} people.")),
    Domain("movie", _slots(t="title: title movie film", y="year: year released release_year", d="name: director directed_by"), (
        "{t} was directed by {d} in {y}.", "{d} made the film {t} in {y}.", "The {y} movie {t} is by {d}.", "In {y} {d} directed {t}.")),
    Domain("book", _slots(t="title: title book name", a="name: author writer written_by", y="year: year published"), (
        "{a} wrote {t} in {y}.", "{t} by {a} was published in {y}.", "The book {t} ({y}) is by {a}.", "In {y} {a} published {t}.")),
    Domain("payment", _slots(a="amount: amount sum value", f="name: sender payer from_person", t="name: receiver payee to_person"), (
        "{f} paid {a} euros to {t}.", "{f} sent {t} {a} dollars.", "{t} received {a} euros from {f}.", "A transfer of {a} from {f} to {t}.")),
    Domain("weather", _slots(c="city: city place location", g="count: temperature degrees celsius", w="weather: condition weather sky"), (
        "It is {w} and {g} degrees in {c}.", "In {c} it is {g} degrees and {w}.", "{c}: {w}, {g} degrees.", "The weather in {c} is {w} with {g} degrees.")),
    Domain("car", _slots(b="word: brand make", y="year: year built_in model_year", p="amount: price cost", c="color: color paint"), (
        "A {c} {b} from {y} for {p} euros.", "I sell my {b}, built in {y}, {c}, for {p} euros.", "{b}, {y}, {c}, price {p}.", "The {c} {b} of {y} costs {p}.")),
    Domain("course", _slots(s="word: subject course topic", t="name: teacher lecturer taught_by", d="day: day weekday", h="time: time starts_at"), (
        "{t} teaches {s} on {d} at {h}.", "The {s} course with {t} is on {d} at {h}.", "On {d} at {h}: {s} with {t}.")),
    Domain("review", _slots(p="item: product item thing", r="rating: rating stars score", n="name: reviewer customer name"), (
        "{n} gave the {p} {r} stars.", "{r} stars for the {p} from {n}.", "{n} rates the {p} with {r} stars.", "The {p} got {r} stars from {n}.")),
    Domain("ticket", _slots(n="code: ticket ticket_id ticketId", p="severity: priority urgency", a="name: assignee owner assigned_to"), (
        "Ticket {n} with priority {p} is assigned to {a}.", "{a} works on ticket {n}, priority {p}.", "Assign {n} to {a}; the priority is {p}.", "Priority {p}: ticket {n} for {a}.")),
    Domain("rental", _slots(c="city: city place", r="count: rooms number_of_rooms", p="amount: rent price monthly_rent"), (
        "A flat in {c} with {r} rooms for {p} euros a month.", "{r} rooms in {c}, the rent is {p} euros.", "In {c} I rent {r} rooms for {p} euros.", "{c}: {r} rooms, {p} euros.")),
    Domain("match", _slots(a="team: home_team team home", b="team: away_team opponent guest", d="date: date played_on"), (
        "{a} plays against {b} on {d}.", "On {d} {a} meets {b}.", "{a} against {b}, {d}.", "The match {a} against {b} is on {d}.")),
    Domain("delivery", _slots(p="item: product goods item", d="date: delivery_date date arrives_on", c="company: company carrier sender"), (
        "{c} delivers the {p} on {d}.", "The {p} from {c} come on {d}.", "On {d} {c} brings the {p}.", "Delivery of {p} by {c} on {d}.")),
    Domain("prescription", _slots(p="name: patient name", m="word: medicine drug", n="count: dose tablets per_day"), (
        "{p} takes {n} tablets of {m} a day.", "{n} tablets of {m} a day for {p}.", "The doctor gave {p} {m}, {n} tablets a day.")),
    Domain("song", _slots(t="title: title song track", a="name: artist singer performed_by", m="time: length duration"), (
        "{t} by {a} is {m} long.", "{a} sings {t}, length {m}.", "The song {t} of {a} takes {m}.")),
)  # fmt: skip
