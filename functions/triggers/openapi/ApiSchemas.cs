namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>JSON Schemas that several routes share.</summary>
internal static class ApiSchemas
{
    public const string Text = """{"type":"string","minLength":1,"maxLength":255}""";
    public const string Uuid = """{"type":"string","format":"uuid"}""";
    public const string Time = """{"type":"string","format":"date-time"}""";
    public const string Flag = """{"type":"boolean"}""";
    public const string Tags = """{"type":"object","additionalProperties":{"type":"string"},"maxProperties":32}""";
    public const string Quiesce = """{"enum":["none","hook","pause"]}""";
    public const string Copy = """{"enum":["offload","stream"]}""";
    public const string Format = """{"enum":["vhd","chunks"]}""";

    public static string Count(long least, long most) => $$"""{"type":"integer","minimum":{{least}},"maximum":{{most}}}""";
}
