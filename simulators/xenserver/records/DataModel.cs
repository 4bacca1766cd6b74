using System.Globalization;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>A field of a class: how it is typed, what it is when nothing was said, and since which API minor it is there.</summary>
internal sealed record FieldModel(string Name, string Type, string Default, int Since)
{
    /// <summary>The default as a value of the wire.</summary>
    public object? DefaultValue() => Type switch
    {
        "map" or "record" => new Dictionary<string, object?>(StringComparer.Ordinal),
        "set" => new List<object?>(),
        "int" => long.Parse(Default, CultureInfo.InvariantCulture),
        "float" => double.Parse(Default, CultureInfo.InvariantCulture),
        "bool" => Default == "true",
        "datetime" => DateTimeOffset.ParseExact(Default, XenDate.Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        _ => Default,
    };
}

/// <summary>A message of a class, without the getters: arguments besides the session, the lowest role that may send it, and its life.</summary>
internal sealed record MessageModel(string Name, int Least, int Most, string Role, int Since, int? Removed);

/// <summary>What XenAPI publishes of one class, whatever of it is simulated.</summary>
/// <remarks>Facts of xapi-project.github.io _data/xenapi.json, as tables in the folder datamodel.</remarks>
internal sealed record ClassModel(string Name, IReadOnlyDictionary<string, FieldModel> Fields, IReadOnlyList<MessageModel> Messages);

/// <summary>The classes of XenAPI that this pool has.</summary>
internal static class DataModel
{
    private const string Prefix = "datamodel/";

    public static IReadOnlyDictionary<string, ClassModel> Classes { get; } = Load();

    private static Dictionary<string, ClassModel> Load()
    {
        var assembly = typeof(DataModel).Assembly;
        var classes = new Dictionary<string, ClassModel>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            classes[resource[Prefix.Length..]] = Read(resource[Prefix.Length..], reader);
        }

        return classes;
    }

    private static ClassModel Read(string name, StreamReader reader)
    {
        var fields = new Dictionary<string, FieldModel>(StringComparer.Ordinal);
        var messages = new List<MessageModel>();
        while (reader.ReadLine() is { } line)
        {
            var c = line.Split('\t');
            if (c[0] == "F")
                fields[c[1]] = new FieldModel(c[1], c[2], c[4], Number(c[5]));
            else if (c[0] == "M")
                messages.Add(new MessageModel(c[1], Number(c[2]), Number(c[3]), c[4], Number(c[5]), c[6].Length == 0 ? null : Number(c[6])));
        }

        return new ClassModel(name, fields, messages);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
