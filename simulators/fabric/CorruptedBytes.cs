namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>What <see cref="FaultAction.Corrupt"/> does to bytes on their way.</summary>
public static class CorruptedBytes
{
    /// <summary>Turns every bit of the planned range that lies in this piece.</summary>
    /// <param name="at">Where in the whole the piece begins.</param>
    public static void Turn(FaultSpecification fault, long at, Span<byte> piece)
    {
        var from = Math.Max(0, fault.Offset - at);
        var to = Math.Min(piece.Length, fault.Offset + fault.Length - at);
        if (from >= to)
        {
            return;
        }

        foreach (ref var value in piece[(int)from..(int)to])
        {
            value ^= 0xff;
        }

        fault.Shows();
    }
}
