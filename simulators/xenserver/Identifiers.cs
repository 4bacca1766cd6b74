using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Uuids: random, or a repeatable sequence when the world has a seed.</summary>
internal sealed class Identifiers(string pool, int? seed)
{
    /// <summary>How many were drawn: where the repeatable sequence stands.</summary>
    public int Count { get; set; }

    public string New()
    {
        if (seed is null)
            return Guid.NewGuid().ToString();
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"{pool}/{seed}/{Count++}")).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
