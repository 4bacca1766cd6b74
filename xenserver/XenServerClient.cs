using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.XenServer;

/// <summary>XenAPI client of one pool. Reads are repeated on passing faults; writes are sent once.</summary>
/// <remarks>
/// Every failure but the caller's own cancellation is a <see cref="XenApiException"/>, whose kind says what may be done about it.
/// Logs in when first used, again when the session is lost, and follows the pool to its coordinator under the same trust.
/// </remarks>
public sealed class XenServerClient : IAsyncDisposable
{
    private readonly XenConnection _connection;

    /// <param name="http">Over a handler that checks certificates and follows no redirect; its own timeout should be infinite, the deadlines are ours.</param>
    public XenServerClient(HttpClient http, XenServerPoolOptions options, TimeProvider time, ILogger<XenServerClient> logger)
    {
        _connection = new XenConnection(http, options, time, logger);
        PoolName = options.Name;
        Srs = new SrCalls(this);
        Pbds = new PbdCalls(this);
        Vdis = new VdiCalls(this);
        Vms = new VmCalls(this);
        Tasks = new TaskCalls(this);
        Pool = new PoolCalls(this);
    }

    /// <summary>The pool's name in the settings.</summary>
    public string PoolName { get; }

    public PoolCalls Pool { get; }

    public SrCalls Srs { get; }

    public PbdCalls Pbds { get; }

    public VdiCalls Vdis { get; }

    public VmCalls Vms { get; }

    public TaskCalls Tasks { get; }

    internal XenConnection Connection => _connection;

    /// <summary>Logs in now rather than with the first call.</summary>
    public Task LogInAsync(CancellationToken cancellation) => _connection.SessionAsync(cancellation);

    public Task LogOutAsync(CancellationToken cancellation) => _connection.LogOutAsync(cancellation);

    /// <summary>Streams a disk's content; see <see cref="VdiExportStream"/> for what counts as success. Its task is named after the disk.</summary>
    /// <param name="since">With it (VHD only) the stream is a differencing VHD of the blocks that differ from that disk.</param>
    public async Task<VdiExportStream> OpenVdiExportAsync(OpaqueRef vdi, VdiExportFormat format, CancellationToken cancellation, OpaqueRef? since = null) =>
        await VdiExport.OpenAsync(this, await Vdis.GetAsync(vdi, cancellation), format, label: null, since, cancellation, CancellationToken.None);

    /// <inheritdoc cref="OpenVdiExportAsync(Vdi, VdiExportFormat, string, CancellationToken, CancellationToken)"/>
    public async Task<VdiExportStream> OpenVdiExportAsync(OpaqueRef vdi, VdiExportFormat format, string label, CancellationToken cancellation, CancellationToken stop) =>
        await OpenVdiExportAsync(await Vdis.GetAsync(vdi, cancellation), format, label, cancellation, stop);

    /// <summary>As above, of a disk whose row was just read.</summary>
    /// <param name="label">Names the export's task, so that a later attempt finds it.</param>
    /// <param name="stop">Gives up the making of the task, which <paramref name="cancellation"/> does not: what is given up in the middle may come, and nobody knows it.</param>
    public Task<VdiExportStream> OpenVdiExportAsync(Vdi vdi, VdiExportFormat format, string label, CancellationToken cancellation, CancellationToken stop) =>
        VdiExport.OpenAsync(this, vdi, format, label, since: null, cancellation, stop);

    /// <summary>Writes a disk's content; returns once the pool says that all of it is written. Into a disk that was just created, or raw over all of it.</summary>
    /// <param name="content">Read once, from where it stands.</param>
    /// <param name="contentBytes">How many bytes of it; the pool takes no body of unknown length.</param>
    /// <param name="progress">Told the bytes sent so far.</param>
    /// <exception cref="XenApiException">Kind Reconcile: the disk is half written; destroy it and begin anew. Kind Transient: nothing was written.</exception>
    public Task ImportVdiAsync(OpaqueRef vdi, VdiExportFormat format, Stream content, long contentBytes, CancellationToken cancellation, IProgress<long>? progress = null) =>
        VdiImport.RunAsync(this, vdi, format, content, contentBytes, progress, label: null, cancellation, CancellationToken.None);

    /// <inheritdoc cref="ImportVdiAsync(OpaqueRef, VdiExportFormat, Stream, long, CancellationToken, IProgress{long}?)"/>
    /// <param name="label">Name of the import's task: an earlier attempt's that was never used is taken up by it.</param>
    /// <param name="stop">Gives up the making of that task, which <paramref name="cancellation"/> does not.</param>
    public Task ImportVdiAsync(OpaqueRef vdi, VdiExportFormat format, Stream content, long contentBytes, string label, IProgress<long> progress, CancellationToken cancellation, CancellationToken stop) =>
        VdiImport.RunAsync(this, vdi, format, content, contentBytes, progress, label, cancellation, stop);

    /// <summary>Opens a disk for reading at any offset over NBD; see <see cref="VdiNbdReader"/>.</summary>
    /// <exception cref="XenApiException"><see cref="XenApiErrors.NbdUnavailable"/>: the pool offers no NBD for this disk; export it instead.</exception>
    public Task<VdiNbdReader> OpenVdiNbdAsync(OpaqueRef vdi, CancellationToken cancellation) => VdiNbdReader.OpenAsync(this, vdi, cancellation);

    public Task<XenServerCheck> CheckAsync(CancellationToken cancellation) => XenServerCheck.RunAsync(this, cancellation);

    /// <summary>Logs out, waiting no longer than a moment for it.</summary>
    public async ValueTask DisposeAsync()
    {
        using var moment = new CancellationTokenSource(TimeSpan.FromSeconds(2), _connection.Time);
        try
        {
            await _connection.LogOutAsync(moment.Token);
        }
        catch (OperationCanceledException)
        {
            _connection.Logger.SessionLeft(PoolName, XenApiErrors.TimedOut);
        }
        _connection.Dispose();
    }

    internal Task<JsonElement> CallAsync(string method, CallKind kind, JsonArray arguments, CancellationToken cancellation) =>
        _connection.CallAsync(method, kind, arguments, cancellation);

    internal async Task<OpaqueRef> CallForRefAsync(string method, CallKind kind, JsonArray arguments, CancellationToken cancellation)
    {
        var result = await CallAsync(method, kind, arguments, cancellation);
        if (result.ValueKind == JsonValueKind.String && result.GetString() is { Length: > 0 } reference) return new(reference);
        throw kind is CallKind.Write or CallKind.StorageWrite
            ? new XenApiOutcomeUnknownException(method, XenApiErrors.AnswerLost, "The answer is no reference.")
            : new XenApiException(method, XenApiErrors.AnswerLost, [], XenApiErrorKind.Permanent, "The answer is no reference.");
    }

    internal async Task<T> GetRecordAsync<T>(string method, OpaqueRef self, JsonTypeInfo<T> type, CancellationToken cancellation) where T : XenRecord
    {
        var record = Read(method, await CallAsync(method, CallKind.Read, [self.Value], cancellation), type);
        record.Ref = self;
        return record;
    }

    /// <summary>As <see cref="GetRecordAsync"/>, but null when the object is gone.</summary>
    internal async Task<T?> FindRecordAsync<T>(string method, OpaqueRef self, JsonTypeInfo<T> type, CancellationToken cancellation) where T : XenRecord
    {
        try
        {
            return await GetRecordAsync(method, self, type, cancellation);
        }
        catch (XenApiException fault) when (fault.Code == XenApiErrors.HandleInvalid)
        {
            return null;
        }
    }

    internal Task<IReadOnlyList<T>> GetAllRecordsAsync<T>(string method, JsonTypeInfo<T> type, CancellationToken cancellation) where T : XenRecord =>
        RecordsAsync(method, [], type, cancellation);

    /// <summary>
    /// The rows of which a field has a value, in one call: a look-up and a call for each row would be several, and each call is one more that can be lost. XenServer's own storage
    /// manager asks so too (xapi-project/sm drivers: <c>VDI.get_all_records_where('field "SR" = "..."')</c>).
    /// </summary>
    /// <param name="field">As the pool's database spells it: two underscores where the API's name has one.</param>
    internal async Task<IReadOnlyList<T>> GetRecordsWhereAsync<T>(string table, string field, string value, JsonTypeInfo<T> type, CancellationToken cancellation) where T : XenRecord =>
        // The expression knows no way to write these two; no uuid, reference or label of ours has them.
        value.AsSpan().ContainsAny('"', '\\') ? [] : await RecordsAsync($"{table}.get_all_records_where", [$"field \"{field}\" = \"{value}\""], type, cancellation);

    private async Task<IReadOnlyList<T>> RecordsAsync<T>(string method, JsonArray arguments, JsonTypeInfo<T> type, CancellationToken cancellation) where T : XenRecord
    {
        var rows = await CallAsync(method, CallKind.Read, arguments, cancellation);
        if (rows.ValueKind != JsonValueKind.Object) throw new XenApiException(method, XenApiErrors.AnswerLost, [], XenApiErrorKind.Permanent, "The answer is no map of records.");
        var records = new List<T>();
        foreach (var row in rows.EnumerateObject())
        {
            var record = Read(method, row.Value, type);
            record.Ref = new(row.Name);
            records.Add(record);
        }
        return records;
    }

    /// <summary>The one row of a uuid; null when the pool has none.</summary>
    internal async Task<T?> FindWhereUuidAsync<T>(string table, string uuid, JsonTypeInfo<T> type, CancellationToken cancellation) where T : XenRecord =>
        (await GetRecordsWhereAsync(table, "uuid", uuid, type, cancellation)).FirstOrDefault(row => row.Uuid == uuid);

    /// <summary>An object's handle by its uuid; null when the pool has none of that uuid.</summary>
    internal async Task<OpaqueRef?> FindByUuidAsync(string method, string uuid, CancellationToken cancellation)
    {
        try
        {
            return await CallForRefAsync(method, CallKind.Read, [uuid], cancellation);
        }
        catch (XenApiException fault) when (fault.Code == XenApiErrors.UuidInvalid)
        {
            return null;
        }
    }

    /// <summary>Runs a removal; already gone is what was asked for.</summary>
    internal async Task RemoveAsync(string method, CallKind kind, JsonArray arguments, CancellationToken cancellation)
    {
        try
        {
            await CallAsync(method, kind, arguments, cancellation);
        }
        catch (XenApiException fault) when (fault.Code is XenApiErrors.HandleInvalid or XenApiErrors.UuidInvalid)
        {
            // An earlier attempt removed it, or somebody else did.
        }
    }

    internal static JsonObject Map(IReadOnlyDictionary<string, string>? map)
    {
        var wire = new JsonObject();
        foreach (var (key, value) in map ?? new Dictionary<string, string>()) wire[key] = value;
        return wire;
    }

    private static T Read<T>(string method, JsonElement row, JsonTypeInfo<T> type)
    {
        try
        {
            return row.Deserialize(type) ?? throw new JsonException("The record is null.");
        }
        catch (JsonException fault)
        {
            throw new XenApiException(method, XenApiErrors.AnswerLost, [], XenApiErrorKind.Permanent, $"The record could not be read ({fault.Path ?? "record"}).", fault);
        }
    }
}
