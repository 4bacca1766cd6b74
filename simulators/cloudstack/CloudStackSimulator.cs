using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using SnapshotWorkflows.Simulators.CloudStack.Calls;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>
/// A CloudStack management server at <c>/client/api</c>: signed requests by GET or POST, JSON answers, asynchronous jobs.
/// Faults are planned for system <c>cloudstack</c> and the command names.
/// </summary>
public sealed class CloudStackSimulator : ISimulatedEndpoint, ISteppable, IDisposable
{
    /// <summary>Name of this system in fault plans and call counts.</summary>
    public const string SystemName = "cloudstack";

    /// <summary>Characters of a form that is read; Jetty's own limit is a million bytes.</summary>
    private const int LongestForm = 1_000_000;

    private static readonly string[] Asynchronous = ["createSnapshot", "deleteSnapshot", "revertSnapshot", "createTags", "deleteTags"];

    private readonly CloudStackOptions options;
    private readonly TimeProvider clock;
    private readonly FaultPlan faults;
    private readonly CloudState state = new();
    private readonly CloudTables? tables;
    private readonly JobCalls jobs;
    private readonly Dictionary<string, (Func<CommandParameters, JsonObject> Call, bool Changes)> commands;
    private long awayUntil;

    public CloudStackSimulator(CloudStackOptions options, TimeProvider clock, FaultPlan faults)
    {
        this.options = options;
        this.clock = clock;
        this.faults = faults;
        tables = options.State is null ? null : new CloudTables(state, options.State);
        tables?.Load();
        tables?.Save();
        var events = new CloudEvents(state, options, clock) { Listener = Webhooks.Enqueue };
        var lists = new ListCalls(state, options);
        jobs = new JobCalls(state, options, clock);
        var snapshots = new SnapshotCalls(state, options, clock, jobs, lists, events);
        commands = new(StringComparer.OrdinalIgnoreCase)
        {
            ["listApis"] = (parameters => ListCalls.ListApis(parameters, commands!.Select(entry => (entry.Key, Asynchronous.Contains(entry.Key)))), false),
            ["listDomains"] = (lists.ListDomains, false),
            ["listTags"] = (lists.ListTags, false),
            ["listZones"] = (lists.ListZones, false),
            ["listCapabilities"] = (_ => lists.ListCapabilities(), false),
            ["listAccounts"] = (lists.ListAccounts, false),
            ["listVolumes"] = (lists.ListVolumes, false),
            ["listVirtualMachines"] = (lists.ListVirtualMachines, false),
            ["listSnapshots"] = (lists.ListSnapshots, false),
            ["listSnapshotPolicies"] = (snapshots.ListPolicies, false),
            ["createSnapshot"] = (snapshots.Create, true),
            ["deleteSnapshot"] = (snapshots.Delete, true),
            ["revertSnapshot"] = (snapshots.Revert, true),
            ["createSnapshotPolicy"] = (snapshots.CreatePolicy, true),
            ["deleteSnapshotPolicies"] = (snapshots.DeletePolicies, true),
            ["createTags"] = (jobs.CreateTags, true),
            ["deleteTags"] = (jobs.DeleteTags, true),
            ["queryAsyncJobResult"] = (jobs.QueryAsyncJobResult, false),
        };
    }

    public string ZoneId => state.Zone.Id;

    /// <summary>Sends the events of snapshots; nowhere until it is told where.</summary>
    public WebhookSender Webhooks { get; } = new();

    /// <summary>The server is away for a while; jobs under way fail, as they do when it restarts.</summary>
    public void Restart(TimeSpan away)
    {
        lock (state.Gate)
        {
            foreach (var job in state.Jobs.Values.Where(job => job.Status == 0))
            {
                job.Fail(530, "job cancelled because of management server restart or shutdown");
            }

            tables?.Save();
        }

        Volatile.Write(ref awayUntil, (clock.GetUtcNow() + away).UtcTicks);
    }

    /// <inheritdoc />
    public void Dispose() => Webhooks.Dispose();

    /// <summary>Adds an account; the same name twice is one account.</summary>
    public CloudAccount AddAccount(string name)
    {
        lock (state.Gate)
        {
            if (!state.Accounts.TryGetValue(name, out var account))
            {
                account = new CloudAccount(Guid.NewGuid().ToString(), name);
                state.Accounts.Add(name, account);
                tables?.Save();
            }

            return account;
        }
    }

    public void Add(CloudVirtualMachine machine)
    {
        lock (state.Gate)
        {
            state.VirtualMachines.Add(machine);
            tables?.Save();
        }
    }

    /// <summary>As the management server lists it from now on.</summary>
    public void SetVirtualMachineState(string id, string machineState)
    {
        lock (state.Gate)
        {
            var index = state.VirtualMachines.FindIndex(machine => machine.Id == id);
            state.VirtualMachines[index] = state.VirtualMachines[index] with { State = machineState };
            tables?.Save();
        }
    }

    /// <summary>The volume belongs to no machine from now on.</summary>
    public void DetachVolume(string id)
    {
        lock (state.Gate)
        {
            var index = state.Volumes.FindIndex(volume => volume.Id == id);
            state.Volumes[index] = state.Volumes[index] with { VirtualMachineId = null };
            tables?.Save();
        }
    }

    public void Add(CloudVolume volume)
    {
        lock (state.Gate)
        {
            state.Volumes.Add(volume);
            tables?.Save();
        }
    }

    public void Add(CloudSnapshot snapshot)
    {
        lock (state.Gate)
        {
            state.Snapshots.Add(snapshot);
            tables?.Save();
        }
    }

    /// <summary>What the management server knows, for whoever looks for leftovers.</summary>
    public JsonObject Inventory()
    {
        lock (state.Gate)
        {
            return CloudInventory.Of(state);
        }
    }

    /// <inheritdoc />
    public void Step()
    {
        lock (state.Gate)
        {
            if (jobs.Step())
            {
                tables?.Save();
            }
        }
    }

    /// <inheritdoc />
    public async Task InvokeAsync(HttpContext context)
    {
        if (clock.GetUtcNow().UtcTicks < Volatile.Read(ref awayUntil))
        {
            context.Abort();
            return;
        }

        Step();
        if (context.Request.Path.Value?.TrimEnd('/') != "/client/api")
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (await ReadParametersAsync(context) is not { } values)
        {
            await RefuseAsync(context);
            return;
        }

        var command = values.GetValueOrDefault("command") ?? "";
        var known = commands.Keys.FirstOrDefault(name => name.Equals(command, StringComparison.OrdinalIgnoreCase)) ?? command;
        var fault = faults.Take(SystemName, null, known);
        if (fault?.Action == FaultAction.Restart)
        {
            fault.Shows();
            Restart(fault.Duration);
            context.Abort();
            return;
        }

        if (await FaultedExchange.EndsBeforeEffectAsync(context, fault))
        {
            return;
        }

        var (status, answer) = Answer(known, values, context.Request.Method, fault);
        if (fault?.Action == FaultAction.Duplicate)
        {
            fault.Shows();
            (status, answer) = Answer(known, values, context.Request.Method, fault);
        }

        await FaultedExchange.AnswerAsync(
            context, fault, clock, status, "application/json; charset=UTF-8", Encoding.UTF8.GetBytes(answer.ToJsonString()));
    }

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
        context.Response.Headers.Connection = "close";
        context.Response.ContentType = "application/json; charset=UTF-8";
        var body = new JsonObject { ["errorresponse"] = new JsonObject { ["uuidList"] = new JsonArray(), ["errorcode"] = 413, ["errortext"] = "The form is too large" } };
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    private (int Status, JsonObject Answer) Answer(string command, Dictionary<string, string> values, string httpMethod, FaultSpecification? fault)
    {
        var isKnown = commands.TryGetValue(command, out var entry);
        var envelope = isKnown ? $"{command.ToLowerInvariant()}response" : "errorresponse";
        try
        {
            RequestSignature.Verify(values, options, clock.GetUtcNow());
            if (fault?.Action == FaultAction.Fail)
            {
                fault.Shows();
                var code = int.TryParse(fault.ErrorName, out var planned) ? planned : 530;
                throw new CloudError(code, 9999, fault.ErrorParams.Count > 0 ? fault.ErrorParams[0] : "Internal error executing command");
            }

            if (!isKnown)
            {
                throw CloudError.UnknownCommand(command);
            }

            if (options.EnforceTimestamps && entry.Changes && !HttpMethods.IsPost(httpMethod))
            {
                throw new CloudError(405, 9999, $"Command {command} needs a POST request");
            }

            // Anything but json is answered as XML by the real server; no caller here reads it.
            if (!string.Equals(values.GetValueOrDefault("response"), "json", StringComparison.OrdinalIgnoreCase))
            {
                throw new CloudError(430, 9999, "This server answers only response=json");
            }

            lock (state.Gate)
            {
                var result = entry.Call(new CommandParameters(command, values));
                faults.CountCall(SystemName, command);
                if (entry.Changes)
                {
                    tables?.Save();
                }

                return (StatusCodes.Status200OK, new JsonObject { [envelope] = result });
            }
        }
        catch (CloudError error)
        {
            var body = new JsonObject { ["uuidList"] = new JsonArray(), ["errorcode"] = error.Code };
            if (error.ExceptionCode != 0)
            {
                body["cserrorcode"] = error.ExceptionCode;
            }

            body["errortext"] = error.Message;
            return (error.Code, new JsonObject { [envelope] = body });
        }
    }

    /// <summary>Null when the form is longer than any the server takes.</summary>
    private static async Task<Dictionary<string, string>?> ReadParametersAsync(HttpContext context)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        Take(values, context.Request.QueryString.Value);
        if (HttpMethods.IsPost(context.Request.Method))
        {
            using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
            var form = new char[LongestForm + 1];
            var length = await reader.ReadBlockAsync(form, context.RequestAborted);
            if (length > LongestForm)
            {
                return null;
            }

            Take(values, new string(form, 0, length));
        }

        return values;
    }

    private static void Take(Dictionary<string, string> values, string? encoded)
    {
        foreach (var pair in new QueryStringEnumerable(encoded))
        {
            values[pair.DecodeName().ToString()] = pair.DecodeValue().ToString();
        }
    }
}
