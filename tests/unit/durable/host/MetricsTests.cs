using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Host.Metrics;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

public sealed class MetricsTests
{
    [Fact]
    public void Measurements_become_Prometheus_text()
    {
        using var collector = new MetricsCollector("Test.Ours");
        using var ours = new Meter("Test.Ours.Copy");
        using var others = new Meter("Others");
        var bytes = ours.CreateCounter<long>("ours.copy.bytes", "By", "Bytes \\ copied\nso far.");
        bytes.Add(3, new("kind", "a\"b"), new("store", "nfs"));
        bytes.Add(4, new("store", "nfs"), new("kind", "a\"b"));
        others.CreateCounter<long>("others.count").Add(1);
        ours.CreateUpDownCounter<int>("ours.queue.length").Add(-2);
        var duration = ours.CreateHistogram<double>("ours.step.duration", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 10] });
        duration.Record(0.5, new KeyValuePair<string, object?>("step", "copy"));
        duration.Record(1, new KeyValuePair<string, object?>("step", "copy"));
        duration.Record(99, new KeyValuePair<string, object?>("step", "copy"));
        var age = 7.5;
        ours.CreateObservableGauge("ours.oldest.age", () => age, "s");
        ours.CreateGauge<long>("ours.level").Record(5);

        Assert.Equal(
            """
            # HELP ours_copy_bytes_total Bytes \\ copied\nso far.
            # TYPE ours_copy_bytes_total counter
            ours_copy_bytes_total{kind="a\"b",store="nfs"} 7
            # TYPE ours_level gauge
            ours_level 5
            # TYPE ours_oldest_age_seconds gauge
            ours_oldest_age_seconds 7.5
            # TYPE ours_queue_length gauge
            ours_queue_length -2
            # TYPE ours_step_duration_seconds histogram
            ours_step_duration_seconds_bucket{step="copy",le="1"} 2
            ours_step_duration_seconds_bucket{step="copy",le="10"} 2
            ours_step_duration_seconds_bucket{step="copy",le="+Inf"} 3
            ours_step_duration_seconds_sum{step="copy"} 100.5
            ours_step_duration_seconds_count{step="copy"} 3

            """.ReplaceLineEndings("\n"),
            Text(collector));
        age = 1;
        Assert.Contains("ours_oldest_age_seconds 1\n", Text(collector));
    }

    [Fact]
    public void Tags_that_are_no_closed_set_are_cut_off_and_counted()
    {
        using var collector = new MetricsCollector("Test.Wild");
        using var meter = new Meter("Test.Wild");
        var wild = meter.CreateCounter<int>("wild");
        for (var i = 0; i < MetricsCollector.MaxSeriesPerInstrument + 5; i++)
        {
            wild.Add(1, new KeyValuePair<string, object?>("volume", i));
        }

        var series = Assert.Single(collector.Collect());
        Assert.Equal(5, series.Dropped);
    }

    [Fact]
    public async Task The_host_tells_its_figures_to_who_has_a_key()
    {
        await using var host = await RunningHost.StartAsync(builder =>
        {
            builder.Services.AddSingleton(new Greeting("Hello"));
            builder.UseFunctions(typeof(SampleFunctions));
        });
        using var counted = new Counted(host.Services.GetRequiredService<IMeterFactory>(), "snapshotworkflows.host.function.duration");
        await host.GetAsync("/api/hello/x");
        await host.GetAsync("/api/broken");
        await counted.ForAsync("Hello");
        await counted.ForAsync("Broken");
        await (await host.GetAsync("/metrics")).ShouldBeProblemAsync(HttpStatusCode.Unauthorized, "key.missing");
        var answer = await host.GetAsync($"/metrics?code={host.HostKey}");
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("""snapshotworkflows_host_function_duration_seconds_count{function="Hello",outcome="Succeeded",trigger="http"}""", text);
        Assert.Contains("""snapshotworkflows_host_function_duration_seconds_count{function="Broken",outcome="Failed",trigger="http"}""", text);
        Assert.Contains("snapshotworkflows_metrics_dropped_total 0", text);
        Assert.Contains("\ndotnet_process_memory_working_set_bytes ", text);
        Assert.Contains("\ndotnet_process_cpu_time_seconds_total{", text);
    }

    private static string Text(MetricsCollector collector)
    {
        var text = new StringBuilder();
        foreach (var series in collector.Collect())
        {
            series.Write(text);
        }

        return text.ToString();
    }

    /// <summary>The host counts a call once its answer has gone out, so the client may have it first.</summary>
    private sealed class Counted : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, bool> _functions = new(StringComparer.Ordinal);
        private readonly SemaphoreSlim _told = new(0);

        /// <param name="host">Whose: others run beside it.</param>
        public Counted(IMeterFactory host, string name)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == name && instrument.Meter.Scope == host) listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
            {
                foreach (var (tag, value) in tags)
                {
                    if (tag == "function") _functions[$"{value}"] = true;
                }

                _told.Release();
            });
            _listener.Start();
        }

        public async Task ForAsync(string function)
        {
            while (!_functions.ContainsKey(function)) Assert.True(await _told.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), $"No call of {function} was counted.");
        }

        public void Dispose()
        {
            _listener.Dispose();
            _told.Dispose();
        }
    }
}
