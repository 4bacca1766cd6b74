namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>An error of the API: HTTP 200, code 500, and the name that callers tell errors apart by.</summary>
internal sealed class ApiError(string name, string message) : Exception(message)
{
    public string Name { get; } = name;

    public static ApiError MissingParameter(string member) => new("xMissingParameter", $"Missing member=[{member}]");

    public static ApiError InvalidParameterType(string member) => new("xInvalidParameterType", $"Invalid type for member=[{member}]");

    public static ApiError InvalidParameter(string message) => new("xInvalidAPIParameter", message);

    public static ApiError VolumeUnknown(long id) => new("xVolumeIDDoesNotExist", $"VolumeID {id} does not exist.");

    /// <summary>DeleteVolume and its family spell the same thing differently.</summary>
    public static ApiError VolumeGone(long id) => new("xVolumeIDDoesNotExist", $"Volume {id} does not exist.");

    public static ApiError SnapshotUnknown(long id) => new("xSnapshotIDDoesNotExist", $"SnapshotID {id} does not exist.");

    public static ApiError AccountUnknown(long id) => new("xAccountIDDoesNotExist", $"Illegal AccountID {id}");

    public static ApiError Unknown(string kind, long id) => new($"x{kind}IDDoesNotExist", $"{kind}ID {id} does not exist.");

    public static ApiError LimitExceeded(string message) => new("xExceededLimit", message);
}
