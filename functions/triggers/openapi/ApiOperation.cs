using System.Text.Json.Serialization.Metadata;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>What the document says of one function besides its verb and route, which are read from the function itself.</summary>
/// <param name="Function">The function's name.</param>
/// <param name="Status">The status of success.</param>
/// <param name="Answer">The shape of the answer; null: no body.</param>
internal sealed record ApiOperation(string Function, string Summary, int Status, JsonTypeInfo? Answer)
{
    public IReadOnlyList<ApiParameter> Query { get; init; } = [];

    /// <summary>Members of the request's body; null: it takes none.</summary>
    public IReadOnlyList<ApiMember>? Body { get; init; }

    /// <summary>Whether the body may be left out.</summary>
    public bool BodyIsOptional { get; init; }

    /// <summary>Whether it wants an Idempotency-Key.</summary>
    public bool IsKeyed { get; init; }

    /// <summary>Statuses of refusal besides 400, 401, 403 and 500.</summary>
    public IReadOnlyList<int> Refusals { get; init; } = [];

    /// <summary>Headers of the request that mean something here.</summary>
    public IReadOnlyList<ApiParameter> Headers { get; init; } = [];
}

/// <param name="Schema">JSON Schema of the value.</param>
internal sealed record ApiParameter(string Name, string Schema, string Meaning);

/// <param name="Schema">JSON Schema of the value.</param>
internal sealed record ApiMember(string Name, string Schema, string Meaning, bool Required = false);
