using System.Collections.Concurrent;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace SnapshotWorkflows.Tests.Contracts.Store;

/// <summary>Bad weather on the way to Azurite: planned for calls of a kind, counted, and every planned fault must have fired.</summary>
internal sealed class BlobWeather : HttpPipelinePolicy
{
    private readonly ConcurrentQueue<(string Call, string Fault)> _plan = new();

    public bool AllFired => _plan.IsEmpty;

    /// <param name="call">As <see cref="NameOf"/> names it.</param>
    /// <param name="fault">503, 500, 403 and so on with a code; or lose-request, lose-answer, time-out, cut-body, flip-body.</param>
    public BlobWeather Add(string call, string fault, int times = 1)
    {
        for (var i = 0; i < times; i++)
            _plan.Enqueue((call, fault));
        return this;
    }

    public void Clear() => _plan.Clear();

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        var fault = _plan.TryPeek(out var next) && next.Call == NameOf(message.Request) && _plan.TryDequeue(out next) ? next.Fault : null;
        switch (fault)
        {
            case null:
                await ProcessNextAsync(message, pipeline);
                return;
            case "lose-request":
                throw new IOException("The connection broke.");
            case "time-out":
                throw new TaskCanceledException("It took too long.");
            case "lose-answer":
                await ProcessNextAsync(message, pipeline);
                throw new IOException("The connection broke.");
            case "cut-body" or "flip-body":
                await ProcessNextAsync(message, pipeline);
                var body = new MemoryStream();
                await message.Response.ContentStream!.CopyToAsync(body);
                if (fault == "flip-body")
                    body.GetBuffer()[body.Length / 2] ^= 1;
                else
                    body.SetLength(body.Length / 2);
                body.Position = 0;
                message.Response.ContentStream = body;
                return;
            default:
                var words = fault.Split(' ');
                throw new RequestFailedException(int.Parse(words[0]), "planned", words.Length > 1 ? words[1] : null, null);
        }
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("Only asynchronous calls are made.");

    /// <summary>put, head, get, delete, list, stage, commit, blocks.</summary>
    private static string NameOf(Request request)
    {
        var query = request.Uri.Query;
        return (request.Method.Method, query) switch
        {
            ("PUT", _) when query.Contains("comp=blocklist", StringComparison.Ordinal) => "commit",
            ("PUT", _) when query.Contains("comp=block", StringComparison.Ordinal) => "stage",
            ("PUT", _) => "put",
            ("HEAD", _) => "head",
            ("DELETE", _) => "delete",
            ("GET", _) when query.Contains("comp=list", StringComparison.Ordinal) => "list",
            ("GET", _) when query.Contains("comp=blocklist", StringComparison.Ordinal) => "blocks",
            _ => "get",
        };
    }
}
