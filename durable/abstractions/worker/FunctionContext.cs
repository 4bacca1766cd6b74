using System.Collections.Frozen;

namespace SnapshotWorkflows.Functions.Worker;

/// <summary>What a function may ask about the call that it runs in.</summary>
public abstract class FunctionContext
{
    /// <summary>Names this call; new with each.</summary>
    public abstract string InvocationId { get; }

    /// <summary>Names the function over restarts of the host.</summary>
    public abstract string FunctionId { get; }

    public abstract TraceContext TraceContext { get; }

    /// <summary>Services of the call's own scope.</summary>
    public abstract IServiceProvider InstanceServices { get; set; }

    public abstract FunctionDefinition FunctionDefinition { get; }

    public abstract IDictionary<object, object> Items { get; set; }

    /// <summary>Cancelled when the caller has gone or the host stops.</summary>
    public virtual CancellationToken CancellationToken => CancellationToken.None;
}

/// <summary>How the function was declared.</summary>
public abstract class FunctionDefinition
{
    public abstract string PathToAssembly { get; }

    /// <summary>Full name of class and method.</summary>
    public abstract string EntryPoint { get; }

    public abstract string Id { get; }

    public abstract string Name { get; }
}

/// <summary>The W3C trace context of the call; empty when there is none.</summary>
public abstract class TraceContext
{
    public abstract string TraceParent { get; }

    public abstract string TraceState { get; }

    public virtual IReadOnlyDictionary<string, string> Attributes => FrozenDictionary<string, string>.Empty;

    public virtual IReadOnlyDictionary<string, string> Baggage => FrozenDictionary<string, string>.Empty;
}
