using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.Secondary.Chunks.Format;

/// <summary>AES-256-GCM over the frames of one object: the key is derived from the data key and the object's salt, the nonce is the frame's number, so that no nonce is used twice with a key.</summary>
internal sealed class FrameCipher(ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> salt, string purpose) : IDisposable
{
    public const int TagBytes = 16;
    public const string Packs = "swf-chunks-pack-1";
    public const string Indexes = "swf-chunks-index-1";

    private readonly AesGcm _aes = Make(dataKey, salt, purpose);

    /// <summary>Encrypts in place; the tag goes behind the bytes.</summary>
    public void Encrypt(uint number, Span<byte> bytes, Span<byte> tag, ReadOnlySpan<byte> associated)
    {
        Span<byte> nonce = stackalloc byte[12];
        BinaryPrimitives.WriteUInt32LittleEndian(nonce, number);
        _aes.Encrypt(nonce, bytes, bytes, tag, associated);
    }

    /// <returns>False where the bytes are not those that were encrypted.</returns>
    public bool TryDecrypt(uint number, ReadOnlySpan<byte> frame, Span<byte> target, ReadOnlySpan<byte> associated)
    {
        if (frame.Length < TagBytes)
            return false;
        Span<byte> nonce = stackalloc byte[12];
        BinaryPrimitives.WriteUInt32LittleEndian(nonce, number);
        try
        {
            _aes.Decrypt(nonce, frame[..^TagBytes], frame[^TagBytes..], target[..(frame.Length - TagBytes)], associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _aes.Dispose();

    private static AesGcm Make(ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> salt, string purpose)
    {
        Span<byte> key = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, dataKey, key, salt, Encoding.ASCII.GetBytes(purpose));
        var aes = new AesGcm(key, TagBytes);
        CryptographicOperations.ZeroMemory(key);
        return aes;
    }
}
