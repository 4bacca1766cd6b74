using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Entities;

namespace SnapshotWorkflows.Durable.Engine.Entities;

/// <summary>What is special about the ids of entities: they begin with @, and such a message makes its instance.</summary>
public static class EntityIds
{
    private const int MaxLength = 256;

    public static bool IsEntity(string instanceId)
    {
        ArgumentNullException.ThrowIfNull(instanceId);
        return instanceId.Length > 0 && instanceId[0] == '@';
    }

    /// <summary>The id as text, checked: 256 characters at most, none of / \ # ? and no control characters.</summary>
    /// <exception cref="ArgumentException">It cannot be one.</exception>
    public static string Check(EntityInstanceId id)
    {
        if (id.Name is null)
            throw new ArgumentException("An entity id has a name and a key.", nameof(id));
        var text = id.ToString();
        if (text.Length > MaxLength || text.Any(letter => letter is '/' or '\\' or '#' or '?') || !StorableText.IsStorable(text))
            throw new ArgumentException($"'{text}' cannot be an entity id: {MaxLength} characters at most, none of / \\ # ? and no control characters.", nameof(id));
        return text;
    }
}
