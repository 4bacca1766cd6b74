namespace SnapshotWorkflows.CloudStack;

/// <summary>The body of an answer, up to a length that no answer has: a peer that never stops must not fill the memory.</summary>
internal static class BoundedBody
{
    /// <summary>Longest answer that is read, in bytes; a list of everything in a full installation is some 20 MiB.</summary>
    public const int Longest = 256 << 20;

    /// <exception cref="IOException">The body is longer, or the connection broke.</exception>
    public static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        await using var body = await content.ReadAsStreamAsync(cancellation);
        using var whole = new MemoryStream();
        var buffer = new byte[64 << 10];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellation)) > 0)
        {
            if (whole.Length + read > Longest) throw new IOException($"The answer is longer than {Longest >> 20} MiB.");
            whole.Write(buffer, 0, read);
        }

        return whole.ToArray();
    }
}
