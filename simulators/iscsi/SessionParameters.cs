using System.Globalization;

namespace SnapshotWorkflows.Simulators.Iscsi;

/// <summary>What initiator and target agree on (RFC 7143, section 13). The target is plain: one connection, no digests, no recovery.</summary>
internal sealed class SessionParameters
{
    /// <summary>Longest data segment that this target takes.</summary>
    public const int ReceiveMost = 262_144;

    private const int BurstMost = 262_144;
    private const int FirstBurstMost = 65_536;

    /// <summary>Longest data segment that the initiator takes.</summary>
    public int SendMost { get; private set; } = 8192;

    public int MaxBurst { get; private set; } = BurstMost;

    /// <summary>Answers one key that the initiator offers; null when it needs no answer.</summary>
    public string? Answer(string key, string value)
    {
        switch (key)
        {
            case "HeaderDigest" or "DataDigest":
                return value.Split(',').Contains("None") ? "None" : "Reject";
            case "MaxRecvDataSegmentLength":
                SendMost = Number(value) is { } most and >= 512 ? Math.Min(most, 1 << 20) : SendMost;
                return null;
            case "MaxBurstLength":
                MaxBurst = Math.Min(Number(value) is { } burst and >= 512 ? burst : BurstMost, BurstMost);
                return Text(MaxBurst);
            case "FirstBurstLength":
                return Text(Math.Min(Number(value) is { } first and >= 512 ? first : FirstBurstMost, FirstBurstMost));
            case "MaxConnections" or "MaxOutstandingR2T":
                return "1";
            case "InitialR2T" or "DataPDUInOrder" or "DataSequenceInOrder":
                return "Yes";
            case "ImmediateData":
                return value == "Yes" ? "Yes" : "No";
            case "DefaultTime2Wait":
                return Text(Math.Max(Number(value) ?? 2, 2));
            case "DefaultTime2Retain" or "ErrorRecoveryLevel":
                return "0";
            case "IFMarker" or "OFMarker":
                return "No";
            case "InitiatorName" or "InitiatorAlias" or "TargetName" or "SessionType" or "AuthMethod" or "CHAP_A" or "CHAP_I" or "CHAP_C" or "CHAP_N" or "CHAP_R":
                return null;
            default:
                return "NotUnderstood";
        }
    }

    private static int? Number(string value) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
