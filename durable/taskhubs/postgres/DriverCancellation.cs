namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// A token for the driver alone. Where a connection breaks in the very moment in which a wait on it is cancelled, what the driver has registered throws (Npgsql 10: NpgsqlConnector.PerformImmediateUserCancellation
/// meets a disposed event), and on the thread of a timer that would end the process. The wait hears of the broken connection by itself.
/// </summary>
internal sealed class DriverCancellation : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly CancellationTokenRegistration _registration;

    public DriverCancellation(CancellationToken cancellation) => _registration = cancellation.UnsafeRegister(static state => ((DriverCancellation)state!).Cancel(), this);

    public CancellationToken Token => _source.Token;

    /// <summary>After a cancellation under way has ended.</summary>
    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }

    private void Cancel()
    {
        try
        {
            _source.Cancel();
        }
        catch (AggregateException broken) when (broken.InnerExceptions.All(inner => inner is ObjectDisposedException))
        {
        }
    }
}
