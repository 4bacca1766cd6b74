namespace SnapshotWorkflows.Tests.Crash.Explorer;

/// <summary>Tells one story again and again, each time with another of its steps refused, until none is left.</summary>
internal static class EachStep
{
    /// <param name="least">So many steps there are, or the story is another than was meant.</param>
    /// <param name="counts">Which steps are refused; null: every one.</param>
    /// <param name="run">One telling; what is wrong at its end goes into the list.</param>
    /// <returns>The steps that were refused, in their order.</returns>
    public static async Task<IReadOnlyList<string>> RefusedAsync(ITestOutputHelper output, int least, Func<string, bool>? counts, Func<FailingSteps, List<string>, Task> run)
    {
        var (refused, faults) = (new List<string>(), new List<string>());
        for (var step = 0; ; step++)
        {
            var plan = new FailingSteps(step, counts);
            var found = new List<string>();
            try
            {
                await run(plan, found);
            }
            catch (Exception stuck) when (stuck is not OperationCanceledException)
            {
                found.Add($"{stuck.GetType().Name}: {stuck.Message}");
            }

            faults.AddRange(found.Select(fault => $"#{step} {plan.FailedAt}: {fault}"));
            if (plan.FailedAt is { } name)
            {
                refused.Add(name);
                continue;
            }

            output.WriteLine($"{step} steps: {string.Join(", ", refused)}");
            Assert.True(step >= least, $"only {step} steps were seen");
            Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(40)));
            return refused;
        }
    }
}
