"""A conversation of ours as openai-harmony takes it, with what we fill in written out."""

import openai_harmony as reference

from ossian.harmony.messages import Channel, Conversation, Message, Role, ToolNamespace

BUILT_IN = ("browser", "python")


def oracle_conversation(conversation: Conversation) -> reference.Conversation:
    messages = [system_message(conversation)]
    own = [namespace for namespace in conversation.tools if namespace.name not in BUILT_IN]
    if conversation.instructions or own:
        messages.append(developer_message(conversation.instructions or None, own))
    messages += [oracle_message(message) for message in conversation.messages]
    return reference.Conversation.from_messages(messages)


def system_message(conversation: Conversation) -> reference.Message:
    effort = reference.ReasoningEffort(conversation.reasoning_effort.value.title())
    content = reference.SystemContent.new().with_reasoning_effort(effort)
    if conversation.current_date is not None:
        content = content.with_conversation_start_date(str(conversation.current_date))
    for namespace in conversation.tools:
        if namespace.name in BUILT_IN:
            content = content.with_tools(oracle_namespace(namespace))
    return reference.Message.from_role_and_content(reference.Role.SYSTEM, content)


def developer_message(instructions: str | None, namespaces: list[ToolNamespace]) -> reference.Message:
    content = reference.DeveloperContent(instructions=instructions)
    for namespace in namespaces:
        content = content.with_tools(oracle_namespace(namespace))
    return reference.Message.from_role_and_content(reference.Role.DEVELOPER, content)


def oracle_namespace(namespace: ToolNamespace) -> reference.ToolNamespaceConfig:
    return reference.ToolNamespaceConfig(
        name=namespace.name,
        description=namespace.description,
        tools=[
            reference.ToolDescription(
                name=tool.name,
                description=tool.description,
                parameters=None if tool.parameters is None else dict(tool.parameters),
            )
            for tool in namespace.tools
        ],
    )


def oracle_message(message: Message) -> reference.Message:
    """A message, with the two things the documentation asks for and the library leaves to its caller:

    - a tool's result is `{tool} to=assistant<|channel|>commentary`, and says so only when told to;
    - a developer message has its text under "# Instructions".
    """
    if message.role is Role.DEVELOPER:
        return developer_message(message.content, [])
    author = reference.Author(role=reference.Role(message.role.value), name=message.name)
    converted = reference.Message.from_author_and_content(author, message.content)
    if message.role is Role.TOOL:
        return converted.with_recipient("assistant").with_channel(Channel.COMMENTARY.value)
    converted.channel = message.channel and message.channel.value
    converted.recipient = message.recipient
    converted.content_type = message.content_type
    return converted
