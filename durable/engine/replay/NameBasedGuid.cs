using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>RFC 4122 version 5 UUIDs in the namespace of the public engine.</summary>
internal static class NameBasedGuid
{
    private static readonly byte[] s_namespace = new Guid("9e952958-5e33-4daf-827f-2fa12937b875").ToByteArray(bigEndian: true);

    public static Guid Create(string name)
    {
        Span<byte> hash = stackalloc byte[20];
        SHA1.HashData([.. s_namespace, .. Encoding.UTF8.GetBytes(name)], hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
