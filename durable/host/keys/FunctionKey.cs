namespace SnapshotWorkflows.Durable.Host.Keys;

/// <summary>One access key. The value is a secret and is left out of <see cref="ToString"/>, hence of every log.</summary>
internal sealed record FunctionKey(string Name, string Value)
{
    /// <summary>A shorter value could be guessed.</summary>
    public const int LeastLength = 16;

    public override string ToString() => $"key '{Name}'";
}

/// <summary>What a matched key opens, from the least to the most.</summary>
internal enum KeyScope
{
    /// <summary>One function.</summary>
    Function,

    /// <summary>Every function.</summary>
    Host,

    /// <summary>The extensions' endpoints under /runtime/webhooks.</summary>
    System,

    /// <summary>Everything, the admin endpoints too.</summary>
    Master,
}

/// <summary>A key that a request carried and that is one of ours.</summary>
internal sealed record MatchedKey(string Name, KeyScope Scope);
