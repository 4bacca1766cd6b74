namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>What ids, names and versions are made of, so that every hub keeps them as they are: no control characters (PostgreSQL has no U+0000), no half of a surrogate pair (UTF-8 has none).</summary>
internal static class StorableText
{
    public static bool IsStorable(string? text)
    {
        for (var index = 0; index < text?.Length; index++)
        {
            if (char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
                index++;
            else if (char.IsControl(text[index]) || char.IsSurrogate(text[index]))
                return false;
        }
        return true;
    }

    /// <exception cref="ArgumentException">A hub could not keep it.</exception>
    public static void Demand(string? text, string what)
    {
        if (!IsStorable(text))
            throw new ArgumentException($"A {what} has no control characters and no half of a surrogate pair.");
    }
}
