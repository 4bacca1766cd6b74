using System.Text.Json;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.World;

namespace SnapshotWorkflows.Simulators.Control;

/// <summary>Faults planned before anything listens: a JSON array of what POST /faults takes.</summary>
internal static class FaultFile
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    /// <exception cref="JsonException">The file is no such array.</exception>
    /// <exception cref="ArgumentException">One of the faults could never hit; none is planned.</exception>
    public static async Task PlanAsync(string path, SimulatedWorld world)
    {
        await using var file = File.OpenRead(path);
        var requests = await JsonSerializer.DeserializeAsync<List<FaultRequest>>(file, s_json) ?? [];
        foreach (var fault in requests.ConvertAll(request => request.ToSpecification(world))) world.Faults.Add(fault);
    }

    public static string Describe(PlannedFault fault)
    {
        var planned = fault.Specification;
        var where = planned.Pool is null ? "" : $" of {planned.Pool}";
        return $"{planned.System} {planned.Method}{where}, {JsonNamingPolicy.CamelCase.ConvertName(planned.Action.ToString())} at occurrence {planned.Occurrence}; the call was seen {fault.Seen} times";
    }
}
