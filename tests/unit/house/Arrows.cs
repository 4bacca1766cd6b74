using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace SnapshotWorkflows.Tests.Unit.House;

/// <summary>What each room may reference: the table of the house, level by level. A room may use what it lists, and nothing else of ours.</summary>
internal static class Arrows
{
    public const string Ours = "SnapshotWorkflows.";

    public static readonly IReadOnlyDictionary<string, string[]> Allowed = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["Durable.Abstractions"] = [],
        ["SolidFire"] = [],
        ["XenServer"] = [],
        ["CloudStack"] = [],
        ["Packaging.SystemIoHashing"] = [],
        ["Secondary"] = [],
        ["Simulators.Fabric"] = [],
        ["Simulators.SolidFire"] = ["Simulators.Fabric"],
        ["Simulators.XenServer"] = ["Simulators.Fabric"],
        ["Simulators.CloudStack"] = ["Simulators.Fabric"],
        ["Simulators.Guest"] = ["Simulators.Fabric"],
        ["Simulators"] = ["Simulators.Fabric", "Simulators.SolidFire", "Simulators.XenServer", "Simulators.CloudStack", "Simulators.Guest"],
        ["Contracts"] = ["Durable.Abstractions"],
        ["Durable.Engine"] = ["Durable.Abstractions"],
        ["Durable.TaskHubs.Sqlite"] = ["Durable.Engine", "Durable.Abstractions"],
        ["Durable.TaskHubs.Postgres"] = ["Durable.Engine", "Durable.Abstractions"],
        ["Durable.Host"] = ["Durable.Engine", "Durable.Abstractions"],
        ["Catalog"] = ["Contracts", "Durable.Abstractions"],
        ["Functions.Orchestrators"] = ["Contracts", "Durable.Abstractions"],
        ["Functions.Triggers"] = ["Contracts", "Durable.Abstractions", "Catalog"],
        ["Activities"] = ["Contracts", "Durable.Abstractions", "Catalog", "SolidFire", "XenServer", "CloudStack", "Secondary"],
        ["App"] = ["Contracts", "Durable.Abstractions", "Durable.Engine", "Durable.TaskHubs.Sqlite", "Durable.TaskHubs.Postgres", "Durable.Host", "Catalog", "Functions.Orchestrators", "Functions.Triggers", "Activities", "SolidFire", "XenServer", "CloudStack", "Secondary"],
        ["Lab"] = ["Simulators", "Simulators.Fabric"],
    };

    /// <summary>Every assembly of ours that was built, tests and the prover apart.</summary>
    public static IEnumerable<string> BuiltAssemblies() => Directory
        .EnumerateFiles(AppContext.BaseDirectory, $"{Ours}*.dll")
        .Where(file => !Path.GetFileName(file).StartsWith($"{Ours}Tests.", StringComparison.Ordinal));

    public static string RoomOf(string file) => Path.GetFileNameWithoutExtension(file)[Ours.Length..];

    /// <summary>Names of the assemblies that this one's metadata refers to.</summary>
    public static IReadOnlyList<string> ReferencesOf(string file) => Read(file, metadata =>
        metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name)).ToList());

    /// <summary>Full names of the types that this assembly's code refers to.</summary>
    public static IReadOnlyList<string> TypesReferredToBy(string file) => Read(file, metadata => metadata.TypeReferences
        .Select(metadata.GetTypeReference)
        .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")
        .ToList());

    private static List<string> Read(string file, Func<MetadataReader, List<string>> read)
    {
        using var stream = File.OpenRead(file);
        using var image = new PEReader(stream);
        return read(image.GetMetadataReader());
    }
}
