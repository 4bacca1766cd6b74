using System.Buffers.Binary;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.Iscsi;

/// <summary>
/// One connection: login, then commands one after the other (RFC 7143). What is wrong at the level of the protocol ends it: with error
/// recovery level 0 the initiator logs in anew.
/// </summary>
internal sealed class IscsiConnection(IIscsiArray array, Stream stream, string address, string portal, ushort tsih)
{
    private const int QueueDepth = 64;
    private const int WriteMost = 32 << 20;

    private readonly LoginPhase _login = new(array, address, tsih);
    private readonly Dictionary<uint, PendingWrite> _writes = [];
    private ScsiDisk? _disk;
    private uint _statSn = 1;
    private uint _expCmdSn;
    private uint _nextTransferTag = 1;

    /// <summary>Whether the array has ended the session: the connection must go too.</summary>
    public bool Lost => _login.Session?.Lost == true;

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (!_login.Failed && await Pdu.ReadAsync(stream, SessionParameters.ReceiveMost, cancellation) is { } request)
            {
                if (!await HandleAsync(request, cancellation))
                {
                    return;
                }
            }
        }
        catch (Exception broken) when (broken is IOException or InvalidDataException or OperationCanceledException or ObjectDisposedException)
        {
            // The initiator went away, spoke nonsense, or the array ended the session: to each the answer is the connection's end.
        }
        finally
        {
            _login.Session?.Dispose();
        }
    }

    private async ValueTask<bool> HandleAsync(Pdu request, CancellationToken cancellation)
    {
        if (!_login.Ended)
        {
            if (request.Opcode != Opcode.LoginRequest)
            {
                return false;
            }

            _expCmdSn = request[24];
            await SendAsync(_login.Answer(request), cancellation);
            _disk = _login.Session is { } session ? new ScsiDisk(session.Lun) : null;
            return !_login.Failed;
        }

        if (!request.IsImmediate && request.Opcode is Opcode.NopOut or Opcode.ScsiCommand or Opcode.TaskManagement or Opcode.TextRequest or Opcode.LogoutRequest)
        {
            // Over one connection commands come in order; one that does not is not carried out twice.
            if (request[24] != _expCmdSn)
            {
                return true;
            }

            _expCmdSn++;
        }

        switch (request.Opcode)
        {
            case Opcode.NopOut:
                await NopAsync(request, cancellation);
                return true;
            case Opcode.ScsiCommand:
                await CommandAsync(request, cancellation);
                return true;
            case Opcode.DataOut:
                await DataOutAsync(request, cancellation);
                return true;
            case Opcode.TextRequest:
                await SendAsync(new Pdu(Opcode.TextResponse) { Tag = request.Tag, [20] = Pdu.NoTag, Data = Text(request) }, cancellation);
                return true;
            case Opcode.TaskManagement:
                // Commands are carried out one at a time: those that could be aborted are the writes that wait for data.
                _writes.Remove(request[20]);
                await SendAsync(new Pdu(Opcode.TaskManagementResponse) { Tag = request.Tag }, cancellation);
                return true;
            case Opcode.LogoutRequest:
                await SendAsync(new Pdu(Opcode.LogoutResponse) { Tag = request.Tag, [40] = 2 << 16 }, cancellation);
                return false;
            default:
                var reject = new Pdu(Opcode.Reject) { Tag = Pdu.NoTag, Data = request.Header };
                reject.Header[2] = 0x05;
                await SendAsync(reject, cancellation);
                return true;
        }
    }

    private async ValueTask NopAsync(Pdu request, CancellationToken cancellation)
    {
        if (request.Tag != Pdu.NoTag)
        {
            await SendAsync(new Pdu(Opcode.NopIn) { Tag = request.Tag, [20] = Pdu.NoTag, Data = request.Data }, cancellation);
        }
    }

    private byte[] Text(Pdu request)
    {
        var targets = TextKeys.Read(request.Data.Span).Find(pair => pair.Key == "SendTargets") is { Key: not null } asked
            ? array.Discover(_login.InitiatorName, _login.ChapUsername).Where(iqn => asked.Value is "All" || iqn == asked.Value)
            : [];
        return TextKeys.Write(targets.SelectMany(iqn => (KeyValuePair<string, string>[])[new("TargetName", iqn), new("TargetAddress", $"{portal},1")]));
    }

    private async ValueTask CommandAsync(Pdu request, CancellationToken cancellation)
    {
        var cdb = request.Header[32..48];
        var expected = request[20];
        if (_disk is null || BinaryPrimitives.ReadUInt64BigEndian(request.Header.AsSpan(8)) != 0)
        {
            // Another unit than 0, or a session that is for discovery only.
            await AnswerAsync(request, cdb[0] switch { 0x12 => ScsiInquiry.Answer(null, cdb), 0xa0 => ScsiDisk.ReportLuns(cdb), _ => ScsiResult.NoSuchUnit }, expected, cancellation);
            return;
        }

        var wanted = Math.Min(_disk.BytesToReceive(cdb), (request.Flags & 0x20) != 0 ? expected : 0);
        if (wanted > WriteMost)
        {
            await AnswerAsync(request, ScsiResult.InvalidField, expected, cancellation);
            return;
        }

        if (wanted <= request.Data.Length)
        {
            await AnswerAsync(request, _disk.Execute(cdb, request.Data[..(int)wanted]), expected, cancellation);
            return;
        }

        var write = new PendingWrite(request, new byte[wanted]);
        request.Data.Span.CopyTo(write.Data);
        write.Received = request.Data.Length;
        _writes[request.Tag] = write;
        await AskAsync(write, cancellation);
    }

    /// <summary>Asks for the next burst of a write.</summary>
    private async ValueTask AskAsync(PendingWrite write, CancellationToken cancellation)
    {
        write.TransferTag = _nextTransferTag++;
        write.NextPiece = 0;
        write.BurstEnd = Math.Min(write.Received + _login.Parameters.MaxBurst, write.Data.Length);
        var ask = new Pdu(Opcode.ReadyToTransfer)
        {
            Tag = write.Command.Tag, [20] = write.TransferTag, [36] = write.Asked++, [40] = (uint)write.Received, [44] = (uint)(write.BurstEnd - write.Received),
        };
        await SendAsync(ask, cancellation, takesStatus: false);
    }

    private async ValueTask DataOutAsync(Pdu data, CancellationToken cancellation)
    {
        // Data of a command that was aborted is dropped.
        if (!_writes.TryGetValue(data.Tag, out var write))
        {
            return;
        }

        if (data[20] != write.TransferTag || data[36] != write.NextPiece++ || data[40] != write.Received || write.Received + data.Data.Length > write.BurstEnd)
        {
            throw new InvalidDataException("Data came that was not asked for.");
        }

        data.Data.Span.CopyTo(write.Data.AsSpan(write.Received));
        write.Received += data.Data.Length;
        if (write.Received == write.Data.Length)
        {
            _writes.Remove(data.Tag);
            await AnswerAsync(write.Command, _disk!.Execute(write.Command.Header[32..48], write.Data), write.Command[20], cancellation);
        }
        else if (write.Received == write.BurstEnd)
        {
            await AskAsync(write, cancellation);
        }
    }

    private async ValueTask AnswerAsync(Pdu request, ScsiResult result, uint expected, CancellationToken cancellation)
    {
        if (result.Status == 0 && (request.Flags & 0x40) != 0)
        {
            await SendDataAsync(request, result.Data, expected, cancellation);
            return;
        }

        var reads = (request.Flags & 0x40) != 0;
        var response = new Pdu(Opcode.ScsiResponse) { Tag = request.Tag };
        response.Header[3] = result.Status;
        if (result.Sense.Length > 0)
        {
            response.Data = (byte[])[(byte)(result.Sense.Length >> 8), (byte)result.Sense.Length, .. result.Sense];
        }

        if (reads && expected > 0)
        {
            response.Header[1] |= 0x02;
            response[44] = expected;
        }

        await SendAsync(response, cancellation);
    }

    /// <summary>Data in pieces that the initiator takes; the last one carries the status.</summary>
    private async ValueTask SendDataAsync(Pdu request, ReadOnlyMemory<byte> data, uint expected, CancellationToken cancellation)
    {
        var (sent, number, inBurst) = (0, 0u, 0);
        var length = (int)Math.Min(data.Length, expected);
        do
        {
            var piece = Math.Min(Math.Min(length - sent, _login.Parameters.SendMost), _login.Parameters.MaxBurst - inBurst);
            var last = sent + piece == length;
            inBurst += piece;
            var endsBurst = last || inBurst == _login.Parameters.MaxBurst;
            var pdu = new Pdu(Opcode.DataIn, endsBurst ? (byte)0x80 : (byte)0) { Tag = request.Tag, [20] = Pdu.NoTag, [36] = number++, [40] = (uint)sent, Data = data.Slice(sent, piece) };
            if (last)
            {
                pdu.Header[1] |= 0x01;
                if (data.Length != expected)
                {
                    pdu.Header[1] |= data.Length < expected ? (byte)0x02 : (byte)0x04;
                    pdu[44] = data.Length < expected ? expected - (uint)data.Length : (uint)data.Length - expected;
                }
            }

            inBurst = endsBurst ? 0 : inBurst;
            sent += piece;
            await SendAsync(pdu, cancellation, takesStatus: last, hasStatus: last);
        }
        while (sent < length);
    }

    private async ValueTask SendAsync(Pdu pdu, CancellationToken cancellation, bool takesStatus = true, bool hasStatus = true)
    {
        pdu[24] = hasStatus ? _statSn : 0;
        _statSn += takesStatus ? 1u : 0u;
        pdu[28] = _expCmdSn;
        pdu[32] = _expCmdSn + QueueDepth - 1;
        await pdu.WriteAsync(stream, cancellation);
    }

    /// <summary>A write whose data is still on its way.</summary>
    private sealed class PendingWrite(Pdu command, byte[] data)
    {
        public Pdu Command { get; } = command;

        public byte[] Data { get; } = data;

        public int Received { get; set; }

        public int BurstEnd { get; set; }

        public uint TransferTag { get; set; }

        /// <summary>DataSN of the piece that comes next; it starts anew with each burst.</summary>
        public uint NextPiece { get; set; }

        public uint Asked { get; set; }
    }
}
