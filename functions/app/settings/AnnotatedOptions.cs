using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.App.Settings;

internal static class AnnotatedOptions
{
    /// <summary>Holds the options against the attributes of their properties and says what these say; the framework's own wraps it in names of classes, which nobody who writes settings knows.</summary>
    public static OptionsBuilder<T> ValidateAnnotations<T>(this OptionsBuilder<T> options)
        where T : class
    {
        options.Services.AddSingleton<IValidateOptions<T>, Annotations<T>>();
        return options;
    }

    private sealed class Annotations<T> : IValidateOptions<T>
        where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            var found = new List<ValidationResult>();
            return Validator.TryValidateObject(options, new ValidationContext(options), found, validateAllProperties: true)
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail(found.Select(one => one.ErrorMessage!));
        }
    }
}
