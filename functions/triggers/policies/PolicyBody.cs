using System.Globalization;
using System.Xml;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>The body of PUT /api/policies/{name}, checked.</summary>
internal static class PolicyBody
{
    private const int VolumesMax = 10_000;

    /// <summary>As many ids, each of 36 characters, two quotation marks and what stands between two, and room for the rest.</summary>
    public const int BytesMax = (VolumesMax * 48) + (64 * 1024);

    private const int JitterMax = 6 * 3600;

    private static readonly TimeSpan s_ageMin = TimeSpan.FromHours(1);

    private static readonly string[] s_known = ["schedule", "timeZone", "jitterSeconds", "volumes", "keep", "quiesce", "destination", "format", "followCloudStack", "enabled", "callbackUrl"];
    private static readonly string[] s_volumes = ["ids", "tag"];
    private static readonly string[] s_tag = ["key", "value"];
    private static readonly string[] s_keep = ["last", "hourly", "daily", "weekly", "monthly", "yearly", "maxAge"];

    /// <exception cref="BadRequestException">With a code and a remedy.</exception>
    public static SnapshotPolicy Parse(string name, ReadOnlyMemory<byte> json) => BodyReader.Parse(json, s_known, body => Read(name, body));

    /// <exception cref="BadRequestException"><c>policy.name</c>.</exception>
    public static string RequireName(string name) =>
        name.Length is > 0 and <= 64 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && char.IsAsciiLetterOrDigit(name[0])
            ? name
            : throw new BadRequestException("policy.name", "The policy's name is not valid.", "Use 1 to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit.");

    private static SnapshotPolicy Read(string name, BodyReader body)
    {
        var follow = body.Flag("followCloudStack") ?? false;
        var schedule = body.Text("schedule") ?? (follow ? "" : throw Missing("schedule", "an NCRONTAB expression such as '30 2 * * *', or followCloudStack: true"));
        var timeZone = body.Text("timeZone") ?? "UTC";
        var parsed = PolicySchedule.Parse(schedule.Length > 0 ? schedule : PolicySchedule.Any, timeZone);
        if (schedule.Length > 0) MeantSchedule.Require(schedule, parsed);
        var volumes = body.Within("volumes", s_volumes, ReadVolumes) ?? throw Missing("volumes", "{\"ids\":[\"<uuid>\"]} or {\"tag\":{\"key\":\"backup\",\"value\":\"daily\"}}");
        return new SnapshotPolicy
        {
            Name = RequireName(name),
            Schedule = schedule,
            TimeZone = timeZone,
            JitterSeconds = body.Number("jitterSeconds", 0, JitterMax) ?? 0,
            Volumes = volumes,
            Keep = body.Within("keep", s_keep, ReadKeep) ?? new RetentionRule(),
            Quiesce = Quiescing.Read(body),
            Destination = body.Text("destination"),
            Format = body.OneOf("format", "vhd", "chunks"),
            FollowCloudStack = follow,
            Enabled = body.Flag("enabled") ?? true,
            CallbackUrl = body.Text("callbackUrl", 2000),
        };
    }

    private static PolicyVolumes ReadVolumes(BodyReader body)
    {
        var volumes = new PolicyVolumes
        {
            Ids = body.Uuids("ids", VolumesMax) ?? [],
            Tag = body.Within("tag", s_tag, tag => new TagSelector(tag.Text("key") ?? throw Missing("volumes.tag.key", "the tag's key"), tag.Text("value"))),
        };
        return volumes.Ids.Count > 0 || volumes.Tag is not null ? volumes : throw Missing("volumes", "ids, a tag, or both");
    }

    private static RetentionRule ReadKeep(BodyReader body)
    {
        int? Count(string name) => body.Number(name, 0, RetentionRule.CountMax);
        var rule = new RetentionRule
        {
            Last = Count("last"),
            Hourly = Count("hourly"),
            Daily = Count("daily"),
            Weekly = Count("weekly"),
            Monthly = Count("monthly"),
            Yearly = Count("yearly"),
            MaxAge = body.Text("maxAge") is { } age ? Age(age) : null,
        };
        if (rule is { HasCounts: false, MaxAge: null }) throw new BadRequestException("request.value", "'keep' names nothing that is kept.", $"Give one of {string.Join(", ", s_keep)}, or leave 'keep' out: everything is kept then.");
        return rule;
    }

    private static TimeSpan Age(string text)
    {
        if (TimeSpan.TryParseExact(text, ["c", @"d\.hh\:mm\:ss"], CultureInfo.InvariantCulture, out var age)) return LongEnough(age);
        try
        {
            if (text.StartsWith('P')) return LongEnough(XmlConvert.ToTimeSpan(text));
        }
        catch (Exception broken) when (broken is FormatException or OverflowException)
        {
            // Refused below, as every other text that is no duration.
        }

        throw new BadRequestException("request.value", "'keep.maxAge' is no duration.", "Use ISO 8601 such as P30D or PT36H, or d.hh:mm:ss such as 30.00:00:00.");
    }

    private static TimeSpan LongEnough(TimeSpan age) => age >= s_ageMin
        ? age
        : throw new BadRequestException("request.value", "'keep.maxAge' is less than an hour.", "Give an hour or more: a copy takes part of that to be made and verified.");

    private static BadRequestException Missing(string name, string wanted) => new("request.value", $"'{name}' is missing.", $"Give {wanted}.");
}
