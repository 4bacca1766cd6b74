using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.Iscsi;

/// <summary>
/// The login of one connection, PDU by PDU (RFC 7143, section 6). An initiator of an access group needs no CHAP for the group's
/// volumes; any other proves to be an account, and sees the account's volumes.
/// </summary>
internal sealed class LoginPhase(IIscsiArray array, string address, ushort tsih)
{
    private const int SecurityStage = 0;
    private const int FullFeatureStage = 3;

    private readonly Dictionary<string, string> _session = new(StringComparer.Ordinal);
    private readonly List<byte> _partial = [];
    private ChapExchange? _chap;
    private bool _portalTold;

    public SessionParameters Parameters { get; } = new();

    public string InitiatorName => _session.GetValueOrDefault("InitiatorName", "");

    public string TargetName => _session.GetValueOrDefault("TargetName", "");

    public bool IsDiscovery => _session.GetValueOrDefault("SessionType") == "Discovery";

    public string? ChapUsername => _chap?.Username;

    /// <summary>The LUN's session, once the login has ended well and is not for discovery.</summary>
    public ILunSession? Session { get; private set; }

    public bool Ended { get; private set; }

    public bool Failed { get; private set; }

    /// <summary>Answers one login request; the caller fills in the sequence numbers.</summary>
    public Pdu Answer(Pdu request)
    {
        var response = new Pdu(Opcode.LoginResponse, (byte)(request.Flags & 0x0f));
        request.Header.AsSpan(8, 6).CopyTo(response.Header.AsSpan(8));
        response.Tag = request.Tag;
        response.Header[14] = (byte)(tsih >> 8);
        response.Header[15] = (byte)tsih;
        _partial.AddRange(request.Data.Span);
        if (_partial.Count > 1 << 16)
        {
            return Fail(response, 0x02, 0x00);
        }

        if ((request.Flags & 0x40) != 0)
        {
            // More keys follow; the stage stays.
            response.Header[1] = (byte)(request.Flags & 0x0c);
            return response;
        }

        var given = TextKeys.Read([.. _partial]);
        _partial.Clear();
        var (stage, next, transit) = ((request.Flags >> 2) & 3, request.Flags & 3, (request.Flags & 0x80) != 0);
        foreach (var (key, value) in given.Where(pair => pair.Key is "InitiatorName" or "TargetName" or "SessionType"))
        {
            _session[key] = value;
        }

        if (InitiatorName.Length == 0 || (!IsDiscovery && TargetName.Length == 0))
        {
            return Fail(response, 0x02, 0x07);
        }

        var answer = new List<KeyValuePair<string, string>>();
        // An initiator that skips the security stage has shown nothing but its name.
        var done = stage == SecurityStage ? Secure(given, answer) : MayPass() ? true : null;
        if (done is null)
        {
            return Fail(response, 0x02, 0x01);
        }

        foreach (var (key, value) in given)
        {
            if (Parameters.Answer(key, value) is { } text)
            {
                answer.Add(new(key, text));
            }
        }

        if (stage != SecurityStage && given.Count > 0)
        {
            answer.Add(new("MaxRecvDataSegmentLength", SessionParameters.ReceiveMost.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        if (!_portalTold && !IsDiscovery)
        {
            _portalTold = true;
            answer.Add(new("TargetPortalGroupTag", "1"));
        }

        response.Data = TextKeys.Write(answer);
        transit &= done.Value;
        response.Header[1] = (byte)((stage << 2) | (transit ? 0x80 | next : 0));
        return transit && next == FullFeatureStage ? Finish(response) : response;
    }

    /// <summary>The stage in which the initiator proves who it is: true once it has, false while it goes on, null when it failed.</summary>
    private bool? Secure(List<KeyValuePair<string, string>> given, List<KeyValuePair<string, string>> answer)
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in given)
        {
            keys[key] = value;
        }

        if (keys.TryGetValue("AuthMethod", out var offered))
        {
            var methods = offered.Split(',');
            var chosen = methods.Contains("None") && (IsOpen() || !methods.Contains("CHAP")) ? "None" : methods.Contains("CHAP") ? "CHAP" : null;
            if (chosen is null || (chosen == "None" && !IsOpen()))
            {
                return null;
            }

            answer.Add(new("AuthMethod", chosen));
            _chap = chosen == "CHAP" ? new ChapExchange(array) : null;
            return _chap is null;
        }

        if (_chap is null)
        {
            return MayPass() ? true : null;
        }

        if (_chap.Answer(keys) is not { } step)
        {
            return null;
        }

        answer.AddRange(step);
        return _chap.Username is not null;
    }

    private bool MayPass() => _chap is null ? IsOpen() : _chap.Username is not null;

    /// <summary>Whether the initiator's name alone is enough: for what its access groups hold, and to ask what that is.</summary>
    private bool IsOpen() => IsDiscovery || array.Discover(InitiatorName).Contains(TargetName);

    private Pdu Finish(Pdu response)
    {
        if (!IsDiscovery)
        {
            Session = array.Login(new InitiatorLogin(InitiatorName, TargetName, ChapUsername, address, _chap?.AlgorithmName ?? "MD5", _chap?.IsMutual == true));
            if (Session is null)
            {
                // A target that is not for this initiator is none to it.
                return Fail(response, 0x02, 0x03);
            }
        }

        Ended = true;
        return response;
    }

    private Pdu Fail(Pdu response, byte category, byte detail)
    {
        Failed = true;
        response.Header[1] &= 0x0c;
        response.Header[36] = category;
        response.Header[37] = detail;
        response.Data = ReadOnlyMemory<byte>.Empty;
        return response;
    }
}
