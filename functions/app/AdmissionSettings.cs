using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;

namespace SnapshotWorkflows.App;

/// <summary>Section <c>Admission</c> of the settings: how much may go on at once.</summary>
internal sealed class AdmissionOptions
{
    /// <summary>Clones per array, 1 to 64. Default 4.</summary>
    [Range(1, 64, ErrorMessage = "Admission:ArrayClones must be 1 to 64.")]
    public int ArrayClones { get; set; } = new AdmissionLimits().ArrayClones;

    /// <summary>Copies per host, 1 to 64. Default 2.</summary>
    [Range(1, 64, ErrorMessage = "Admission:HostCopies must be 1 to 64.")]
    public int HostCopies { get; set; } = new AdmissionLimits().HostCopies;

    /// <summary>Writers per destination, 1 to 256. Default 4.</summary>
    [Range(1, 256, ErrorMessage = "Admission:StoreWriters must be 1 to 256.")]
    public int StoreWriters { get; set; } = new AdmissionLimits().StoreWriters;

    /// <summary>Jobs per CloudStack account, 1 to 256. Default 4.</summary>
    [Range(1, 256, ErrorMessage = "Admission:AccountJobs must be 1 to 256.")]
    public int AccountJobs { get; set; } = new AdmissionLimits().AccountJobs;

    /// <summary>After so long in the queue others give way, 1 min to 30 d. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00", ErrorMessage = "Admission:RaiseAfter must be from one minute to 30 days.")]
    public TimeSpan RaiseAfter { get; set; } = new AdmissionLimits().RaiseAfter;
}

/// <summary>Tells the Admission entity its limits at start, where they have changed.</summary>
internal sealed class AdmissionSettings(IOptions<AdmissionOptions> options, DurableTaskClient client) : IHostedLifecycleService
{
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        var wanted = new AdmissionLimits
        {
            ArrayClones = options.Value.ArrayClones,
            HostCopies = options.Value.HostCopies,
            StoreWriters = options.Value.StoreWriters,
            AccountJobs = options.Value.AccountJobs,
            RaiseAfter = options.Value.RaiseAfter,
        };
        var known = (await client.Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, cancellationToken))?.State.Limits ?? new AdmissionLimits();
        if (known != wanted) await client.Entities.SignalEntityAsync(AdmissionEntity.Id, AdmissionEntity.Configure, wanted, null, cancellationToken);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
