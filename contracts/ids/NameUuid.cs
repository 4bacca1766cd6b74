using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.Contracts;

/// <summary>Name-based uuids (RFC 9562, version 5) in a namespace of our own: the same name gives the same uuid at every attempt.</summary>
public static class NameUuid
{
    private static readonly Guid Namespace = new("5b0c4f1e-9d0a-5c0e-8f7b-53776f726b66");

    public static Guid From(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var hash = SHA1.HashData([.. Namespace.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)]);
        var bytes = hash[..16];
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x50);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
