using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace SnapshotWorkflows.Tests.Nodes;

/// <summary>Turns, operations and calls that kill their process (a fail-fast, a stack overflow), and a supervisor that starts it again, as systemd does.</summary>
public sealed class PoisonTests(ITestOutputHelper output)
{
    /// <summary>The call that Bomb is told of runs anew after each of its deaths, and after those that came of its neighbours before they were suspects: more attempts than deaths.</summary>
    private const string Limits = "\"maxProcessDeaths\":6,\"maxActivityAttempts\":12,";

    private static readonly string[] s_poison = ["bomb", "abyss", "exploder", "minecaller"];

    [Fact]
    public async Task Work_that_kills_its_process_ends_with_the_reason_and_what_ran_beside_it_ends_well()
    {
        await using var cluster = await Cluster.StartAsync();
        await cluster.StartNodeAsync(0, more: Limits);
        string[] innocent = [.. Enumerable.Range(0, 6).Select(number => $"order{number}")];
        foreach (var id in innocent)
            await cluster.AskAsync(0, HttpMethod.Post, $"/orchestrators/Order/{id}", 7);
        var started = new HashSet<string>();
        var deaths = 0;
        while (true)
        {
            var died = cluster.Node(0).Ended;
            // A start whose answer was lost with the process is refused by the next.
            foreach (var id in s_poison.Where(id => !started.Contains(id)))
            {
                if (await cluster.FindAsync(0, id) is not null || await cluster.AskAsync(0, HttpMethod.Post, $"/orchestrators/{Name(id)}/{id}", 1) is not null)
                    started.Add(id);
            }
            if (started.Count == s_poison.Length && await AllEndedAsync(cluster, died))
                break;
            await died;
            Assert.True(++deaths < 40, $"The process has died {deaths} times: {cluster.Node(0).Said}");
            await cluster.KillNodeAsync(0);
            await cluster.StartNodeAsync(0, more: Limits);
        }
        output.WriteLine($"{deaths} deaths");
        foreach (var id in (string[])["bomb", "abyss"])
        {
            var status = (await cluster.FindAsync(0, id))!.Value;
            Assert.Equal("Failed", status.GetProperty("runtimeStatus").GetString());
            // Six is the limit; deaths of what ran beside it may have been counted with it before the verdict, and each only once.
            var told = Regex.Match(status.GetRawText(), "The process died ([0-9]+) times");
            Assert.True(told.Success, status.GetRawText());
            Assert.InRange(int.Parse(told.Groups[1].Value, CultureInfo.InvariantCulture), 6, deaths);
        }
        Assert.Equal("PoisonActivity", (await cluster.FindAsync(0, "exploder"))!.Value.GetProperty("output").GetString());
        // The operation failed and left no trace of itself; the entity goes on.
        Assert.Equal("PoisonOperation 5", (await cluster.FindAsync(0, "minecaller"))!.Value.GetProperty("output").GetString());
        foreach (var id in innocent)
        {
            var status = (await cluster.FindAsync(0, id))!.Value;
            Assert.True(status.GetProperty("runtimeStatus").GetString() != "Failed", status.GetRawText());
            await cluster.AskAsync(0, HttpMethod.Post, $"/instances/{id}/raiseEvent/Go", "go");
        }
        foreach (var id in innocent)
        {
            var status = await cluster.EndAsync(0, id);
            Assert.Equal(("Completed", "1 1 3"), (status.GetProperty("runtimeStatus").GetString(), status.GetProperty("output").GetString()));
        }
        Assert.Equal(0, await cluster.CountAsync("SELECT count(*) FROM nodes.activities"));
    }

    private static string Name(string id) => id switch { "bomb" => "Bomb", "abyss" => "Abyss", "exploder" => "Exploder", _ => "MineCaller" };

    private static async Task<bool> AllEndedAsync(Cluster cluster, Task died)
    {
        while (!died.IsCompleted)
        {
            var states = new List<JsonElement?>();
            foreach (var id in s_poison)
                states.Add(await cluster.FindAsync(0, id));
            if (states.TrueForAll(state => state?.GetProperty("runtimeStatus").GetString() is "Completed" or "Failed"))
                return true;
            // Real time: from outside nothing tells of an end but another look.
            await Task.WhenAny(died, Task.Delay(100, CancellationToken.None));
        }
        return false;
    }
}
