namespace SnapshotWorkflows.Durable;

/// <summary>The result of what has none: all of them are the same.</summary>
public readonly struct Unit : IEquatable<Unit>, IComparable<Unit>
{
    private static readonly Unit s_value;

    public static ref readonly Unit Value => ref s_value;

    public static Task<Unit> Task { get; } = System.Threading.Tasks.Task.FromResult(default(Unit));

    public static bool operator ==(Unit left, Unit right) => left.Equals(right);

    public static bool operator !=(Unit left, Unit right) => !left.Equals(right);

    public static bool operator <(Unit left, Unit right) => left.CompareTo(right) < 0;

    public static bool operator <=(Unit left, Unit right) => left.CompareTo(right) <= 0;

    public static bool operator >(Unit left, Unit right) => left.CompareTo(right) > 0;

    public static bool operator >=(Unit left, Unit right) => left.CompareTo(right) >= 0;

    public bool Equals(Unit other) => true;

    public int CompareTo(Unit other) => 0;

    public override bool Equals(object? obj) => obj is Unit;

    public override int GetHashCode() => 0;

    public override string ToString() => "()";
}
