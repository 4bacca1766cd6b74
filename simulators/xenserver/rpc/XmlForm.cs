using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>XML-RPC as xapi speaks it: a struct of Status and Value or ErrorDescription; integers as untagged text.</summary>
internal sealed class XmlForm : IRpcForm
{
    private const int DeepestValue = 64;

    private static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };

    private XmlForm(RpcRequest request) => Request = request;

    public string ContentType => "text/xml";

    public RpcRequest Request { get; }

    public static XmlForm Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var stream = new MemoryStream(body.ToArray());
            using var reader = XmlReader.Create(stream, Settings);
            var call = XElement.Load(reader, LoadOptions.PreserveWhitespace);
            var method = call.Element("methodName")?.Value.Trim();
            if (call.Name != "methodCall" || string.IsNullOrEmpty(method))
                throw new MalformedRequest("There is no methodCall.");
            var parameters = call.Element("params")?.Elements("param").Select(p => Value(p.Element("value"), DeepestValue)) ?? [];
            return new XmlForm(new RpcRequest(method, [.. parameters]));
        }
        catch (Exception e) when (e is XmlException or FormatException or OverflowException or ArgumentException)
        {
            throw new MalformedRequest(e.Message);
        }
    }

    /// <summary>The text of a value as task.result carries it.</summary>
    public static string ValueText(object? value) => value is null ? "" : Encode(value).ToString(SaveOptions.DisableFormatting);

    public byte[] Success(object? value) => Request.Method == "system.listMethods"
        ? Response(Encode(value))
        : Response(Encode(new Dictionary<string, object?>(StringComparer.Ordinal) { ["Status"] = "Success", ["Value"] = value ?? "" }));

    public byte[] Failure(IReadOnlyList<string> description) => Response(Encode(new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["Status"] = "Failure",
        ["ErrorDescription"] = description.ToList<object?>(),
    }));

    public byte[] FailureOutsideDispatch(IReadOnlyList<string> description) => Failure(description);

    private static byte[] Response(XElement value) => Encoding.UTF8.GetBytes(
        "<?xml version=\"1.0\"?>" + new XElement("methodResponse", new XElement("params", new XElement("param", value))).ToString(SaveOptions.DisableFormatting));

    private static object? Value(XElement? value, int depth)
    {
        if (depth == 0)
            throw new MalformedRequest("The values are nested too deep.");
        if (value is null)
            throw new MalformedRequest("A value is missing.");
        var typed = value.Elements().FirstOrDefault();
        return typed?.Name.LocalName switch
        {
            null => value.Value,
            "string" => typed.Value,
            "i4" or "int" or "i8" => long.Parse(typed.Value.Trim(), CultureInfo.InvariantCulture),
            "boolean" => typed.Value.Trim() == "1",
            "double" => JsonForm.Finite(double.Parse(typed.Value.Trim(), CultureInfo.InvariantCulture)),
            "dateTime.iso8601" => typed.Value.Trim(),
            "nil" => null,
            "array" => typed.Element("data")?.Elements("value").Select(v => Value(v, depth - 1)).ToList() ?? [],
            "struct" => typed.Elements("member").ToDictionary(m => m.Element("name")?.Value ?? "", m => Value(m.Element("value"), depth - 1), StringComparer.Ordinal),
            var other => throw new MalformedRequest($"Unknown type {other}."),
        };
    }

    private static XElement Encode(object? value) => new("value", value switch
    {
        null => "",
        string s => s,
        bool b => new XElement("boolean", b ? "1" : "0"),
        long n => n.ToString(),
        int n => new XElement("i4", n),
        double d => new XElement("double", d.ToString("G16")),
        DateTimeOffset at => new XElement("dateTime.iso8601", XenDate.Text(at)),
        IEnumerable<KeyValuePair<string, object?>> map =>
            new XElement("struct", map.Select(p => new XElement("member", new XElement("name", p.Key), Encode(p.Value)))),
        IEnumerable<object?> list => new XElement("array", new XElement("data", list.Select(Encode))),
        _ => throw new InvalidOperationException($"No wire form for {value.GetType().Name}."),
    });
}
