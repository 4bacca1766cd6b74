namespace SnapshotWorkflows.Functions.Worker.Http;

/// <summary>Binds a parameter to the JSON body.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class FromBodyAttribute : Attribute;
