using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>What a stored payload belongs to; it goes with that.</summary>
internal enum PayloadPart
{
    Input = 1,
    Result = 2,
    State = 3,
    History = 4,
    Message = 5,
    Activity = 6,
}

/// <summary>Text over 64 KiB is kept compressed in its own table; the column holds a reference. JSON never begins with @, so the two cannot be confused.</summary>
internal static class Payloads
{
    private const string Prefix = "@payload:";
    private const int Threshold = 64 * 1024;

    /// <summary>Whether it is kept in a table of its own.</summary>
    public static bool IsLarge([NotNullWhen(true)] string? text) => text is not null && text.Length >= Threshold / 3 && Encoding.UTF8.GetByteCount(text) > Threshold;

    /// <returns>Null when the text is small enough to stay where it is.</returns>
    public static byte[]? Pack(string? text)
    {
        if (!IsLarge(text))
            return null;
        var bytes = Encoding.UTF8.GetBytes(text);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    /// <param name="data">The payload that <paramref name="text"/> refers to; null where there is none.</param>
    /// <returns>Null where it cannot be read; <paramref name="damage"/> then tells why.</returns>
    public static string? TryUnpack(string? text, byte[]? data, out string? damage)
    {
        try
        {
            damage = null;
            return Referred(text) is null ? text : Unpack(data ?? throw Missing(text!));
        }
        catch (InvalidDataException exception)
        {
            damage = exception.Message;
            return null;
        }
    }

    public static InvalidDataException Missing(string reference) => new($"The hub refers to {reference}, which is missing: its tables are damaged.");

    public static string Unpack(byte[] data)
    {
        using var gzip = new GZipStream(new MemoryStream(data), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    public static string Reference(long id) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{id}");

    public static long? Referred(string? text) =>
        text is not null && text.StartsWith(Prefix, StringComparison.Ordinal) ? long.Parse(text.AsSpan(Prefix.Length), CultureInfo.InvariantCulture) : null;
}
