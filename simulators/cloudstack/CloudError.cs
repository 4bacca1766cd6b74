namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>An error of the API: the code is the HTTP status too; <see cref="ExceptionCode"/> names the server's exception class.</summary>
internal sealed class CloudError(int code, int exceptionCode, string message) : Exception(message)
{
    public int Code => code;

    public int ExceptionCode => exceptionCode;

    public static CloudError Unauthorized(string message = "unable to verify user credentials and/or request signature") => new(401, 0, message);

    public static CloudError UnknownEntity(string parameter, string value) => new(431, 9999,
        $"Unable to execute API command due to invalid value. Invalid parameter {parameter} value={value} due to incorrect long value format, "
        + "or entity does not exist or due to incorrect parameter annotation for the field in api cmd class.");

    public static CloudError Missing(string command, string parameter) => new(431, 9999,
        $"Unable to execute API command {command} due to missing parameter {parameter}");

    public static CloudError UnknownCommand(string command) => new(432, 9999,
        $"The given command '{command}' either does not exist, is not available for user, or not available from ip address '/127.0.0.1'.");
}
