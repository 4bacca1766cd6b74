using System.Security.Cryptography;
using System.Text;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.Iscsi;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Iscsi;

/// <summary>The login of an initiator that may choose its algorithm, PDU by PDU: libiscsi's tools offer MD5 alone.</summary>
internal static class ChapInitiator
{
    public static ILunSession LogIn(IIscsiArray array, string initiator, string target, string username, string secret, string algorithms, bool mutual)
    {
        var login = new LoginPhase(array, "127.0.0.1:1", tsih: 1);
        Send(login, $"InitiatorName={initiator}\0TargetName={target}\0SessionType=Normal\0AuthMethod=CHAP\0");
        var asked = Send(login, $"CHAP_A={algorithms}\0").ToDictionary(pair => pair.Key, pair => pair.Value);
        var hash = asked["CHAP_A"] switch { "7" => HashAlgorithmName.SHA256, "6" => HashAlgorithmName.SHA1, _ => HashAlgorithmName.MD5 };
        var proof = CryptographicOperations.HashData(hash, [byte.Parse(asked["CHAP_I"]), .. Encoding.ASCII.GetBytes(secret), .. Convert.FromHexString(asked["CHAP_C"][2..])]);
        var answer = Send(login, $"CHAP_N={username}\0CHAP_R=0x{Convert.ToHexString(proof)}\0{(mutual ? "CHAP_I=9\0CHAP_C=0x00112233445566778899aabbccddeeff\0" : "")}", transit: true);
        Assert.Equal(mutual, answer.Exists(pair => pair.Key == "CHAP_R"));
        return login.Session ?? throw new InvalidOperationException("The target refused the login.");
    }

    /// <summary>One request of the security stage; with the last one the session begins.</summary>
    private static List<KeyValuePair<string, string>> Send(LoginPhase login, string keys, bool transit = false)
    {
        var answer = login.Answer(new Pdu(Opcode.LoginRequest, (byte)(transit ? 0x83 : 0x00)) { Data = Encoding.ASCII.GetBytes(keys) });
        Assert.False(login.Failed);
        return TextKeys.Read(answer.Data.Span);
    }
}
