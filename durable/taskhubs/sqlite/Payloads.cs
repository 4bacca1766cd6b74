using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <summary>Text over 64 KiB is kept compressed in its own table; the column holds a reference. JSON never begins with @, so the two cannot be confused.</summary>
internal static class Payloads
{
    private const string Prefix = "@payload:";
    private const int Threshold = 64 * 1024;

    public static string? Store(Statements statements, string? text)
    {
        if (text is null || text.Length < Threshold / 3)
            return text;
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length <= Threshold)
            return text;
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        statements.Execute("INSERT INTO payloads (data) VALUES ($0)", packed.ToArray());
        return string.Create(CultureInfo.InvariantCulture, $"{Prefix}{statements.LastRow}");
    }

    /// <summary>Before rows of history or activities go: a trigger on those tables would cost every delete a temporary table.</summary>
    /// <param name="probe">Asks whether any of the rows refers to a payload.</param>
    /// <param name="delete">Deletes the payloads they refer to.</param>
    public static void Drop(Statements statements, string probe, string delete, params ReadOnlySpan<object?> key)
    {
        if (statements.Scalar(probe, key) is not null)
            statements.Execute(delete, key);
    }

    /// <param name="reference">What <see cref="Store"/> returned, and is no longer kept.</param>
    public static void Drop(Statements statements, string reference) =>
        statements.Execute("DELETE FROM payloads WHERE id = $0", long.Parse(reference.AsSpan(Prefix.Length), CultureInfo.InvariantCulture));

    /// <returns>Null where it cannot be read; <paramref name="damage"/> then tells why.</returns>
    public static string? TryFetch(Statements statements, string? text, out string? damage)
    {
        try
        {
            damage = null;
            return Fetch(statements, text);
        }
        catch (InvalidDataException exception)
        {
            damage = exception.Message;
            return null;
        }
    }

    public static string? Fetch(Statements statements, string? text)
    {
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return text;
        var data = (byte[]?)statements.Scalar("SELECT data FROM payloads WHERE id = $0", long.Parse(text.AsSpan(Prefix.Length), CultureInfo.InvariantCulture))
            ?? throw new InvalidDataException($"The hub refers to {text}, which is missing: the file is damaged.");
        using var gzip = new GZipStream(new MemoryStream(data), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
