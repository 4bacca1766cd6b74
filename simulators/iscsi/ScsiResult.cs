namespace SnapshotWorkflows.Simulators.Iscsi;

/// <summary>What a SCSI command ends with: data for the initiator, or sense (SPC-4).</summary>
internal readonly record struct ScsiResult(byte Status, ReadOnlyMemory<byte> Data, byte[] Sense)
{
    public static ScsiResult Good { get; } = new(0, ReadOnlyMemory<byte>.Empty, []);

    public static ScsiResult InvalidOpcode { get; } = Check(0x05, 0x20, 0x00);

    public static ScsiResult InvalidField { get; } = Check(0x05, 0x24, 0x00);

    public static ScsiResult InvalidParameters { get; } = Check(0x05, 0x26, 0x00);

    public static ScsiResult OutOfRange { get; } = Check(0x05, 0x21, 0x00);

    public static ScsiResult NoSuchUnit { get; } = Check(0x05, 0x25, 0x00);

    public static ScsiResult WriteProtected { get; } = Check(0x07, 0x27, 0x00);

    public static ScsiResult MediumError { get; } = Check(0x03, 0x11, 0x00);

    public static ScsiResult Of(ReadOnlyMemory<byte> data, long allocation) => new(0, data[..(int)Math.Min(data.Length, allocation)], []);

    public static byte[] FixedSense(byte key, byte code, byte qualifier)
    {
        var sense = new byte[18];
        (sense[0], sense[2], sense[7], sense[12], sense[13]) = (0x70, key, 10, code, qualifier);
        return sense;
    }

    private static ScsiResult Check(byte key, byte code, byte qualifier) => new(2, ReadOnlyMemory<byte>.Empty, FixedSense(key, code, qualifier));
}
