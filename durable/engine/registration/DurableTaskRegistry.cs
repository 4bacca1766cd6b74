using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Entities;

namespace SnapshotWorkflows.Durable.Engine;

/// <summary>The orchestrators and activities of this process. A node takes only work that it has registered.</summary>
public sealed partial class DurableTaskRegistry
{
    private readonly Dictionary<(string Name, string Version), Func<ITaskOrchestrator>> _orchestrators = new(NameComparer.Instance);
    private readonly Dictionary<(string Name, string Version), Func<IServiceProvider, ITaskActivity>> _activities = new(NameComparer.Instance);

    private readonly Dictionary<string, Func<IServiceProvider, ITaskEntity>> _entities = new(StringComparer.OrdinalIgnoreCase);

    public DurableTaskRegistry AddOrchestrator<T>() where T : class, ITaskOrchestrator, new() => AddOrchestrator(NameOf(typeof(T)), VersionOf(typeof(T)), static () => new T());

    public DurableTaskRegistry AddOrchestrator(Type type) =>
        AddOrchestrator(NameOf(type), VersionOf(type), () => (ITaskOrchestrator)Activator.CreateInstance(type)!);

    /// <exception cref="ArgumentException">The name is registered in this version already.</exception>
    public DurableTaskRegistry AddOrchestrator(TaskName name, TaskVersion version, Func<ITaskOrchestrator> factory)
    {
        if (!_orchestrators.TryAdd((name.Name, version.Version), factory))
            throw new ArgumentException($"Orchestrator '{name}' {version} is registered already.", nameof(name));
        return this;
    }

    public DurableTaskRegistry AddActivity<T>() where T : class, ITaskActivity => AddActivity(typeof(T));

    public DurableTaskRegistry AddActivity(Type type) => AddActivity(NameOf(type), type);

    public DurableTaskRegistry AddActivity(TaskName name, Type type)
    {
        var factory = ActivatorUtilities.CreateFactory(type, []);
        return AddActivity(name, VersionOf(type), services => (ITaskActivity)factory(services, null));
    }

    /// <exception cref="ArgumentException">The name is registered in this version already.</exception>
    public DurableTaskRegistry AddActivity(TaskName name, TaskVersion version, Func<IServiceProvider, ITaskActivity> factory)
    {
        if (!_activities.TryAdd((name.Name, version.Version), factory))
            throw new ArgumentException($"Activity '{name}' {version} is registered already.", nameof(name));
        return this;
    }

    /// <exception cref="ArgumentException">The name is registered already.</exception>
    public DurableTaskRegistry AddEntity(TaskName name, Func<IServiceProvider, ITaskEntity> factory)
    {
        ArgumentException.ThrowIfNullOrEmpty(name.Name, nameof(name));
        ArgumentNullException.ThrowIfNull(factory);
        if (!_entities.TryAdd(name.Name, factory))
            throw new ArgumentException($"Entity '{name}' is registered already.", nameof(name));
        return this;
    }

    public DurableTaskRegistry AddEntity(TaskName name, Type type)
    {
        var factory = ActivatorUtilities.CreateFactory(type, []);
        return AddEntity(name, services => (ITaskEntity)factory(services, null));
    }

    public DurableTaskRegistry AddEntity(Type type) => AddEntity(NameOf(type), type);

    public DurableTaskRegistry AddEntity<TEntity>(TaskName name) where TEntity : class, ITaskEntity => AddEntity(name, typeof(TEntity));

    public DurableTaskRegistry AddEntity<TEntity>() where TEntity : class, ITaskEntity => AddEntity(typeof(TEntity));

    /// <summary>Every orchestrator, activity and entity class of an assembly that carries <see cref="DurableTaskAttribute"/>.</summary>
    public DurableTaskRegistry AddAllFrom(Assembly assembly)
    {
        foreach (var type in assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.IsDefined(typeof(DurableTaskAttribute), false)))
        {
            if (typeof(ITaskOrchestrator).IsAssignableFrom(type))
                AddOrchestrator(type);
            else if (typeof(ITaskActivity).IsAssignableFrom(type))
                AddActivity(type);
            else if (typeof(ITaskEntity).IsAssignableFrom(type))
                AddEntity(type);
        }
        return this;
    }

    internal Func<ITaskOrchestrator>? FindOrchestrator(string name, string? version) =>
        _orchestrators.TryGetValue((name, version ?? ""), out var exact) ? exact : _orchestrators.GetValueOrDefault((name, ""));

    /// <summary>In exactly this version.</summary>
    internal bool HasOrchestrator(string name, string? version) => _orchestrators.ContainsKey((name, version ?? ""));

    /// <summary>In any version.</summary>
    internal bool HasActivity(string name) => _activities.Keys.Any(key => string.Equals(key.Name, name, StringComparison.OrdinalIgnoreCase));

    internal Func<IServiceProvider, ITaskActivity>? FindActivity(string name, string? version) =>
        _activities.TryGetValue((name, version ?? ""), out var exact) ? exact : _activities.GetValueOrDefault((name, ""));

    internal Func<IServiceProvider, ITaskEntity>? FindEntity(string name) => _entities.GetValueOrDefault(name);

    private static TaskName NameOf(Type type) =>
        type.GetCustomAttribute<DurableTaskAttribute>() is { Name.Name: { Length: > 0 } name } ? name : type.Name;

    private static TaskVersion VersionOf(Type type) => type.GetCustomAttribute<DurableTaskAttribute>()?.Version;

    private sealed class NameComparer : IEqualityComparer<(string Name, string Version)>
    {
        public static NameComparer Instance { get; } = new();

        public bool Equals((string Name, string Version) x, (string Name, string Version) y) =>
            StringComparer.OrdinalIgnoreCase.Equals(x.Name, y.Name) && StringComparer.OrdinalIgnoreCase.Equals(x.Version, y.Version);

        public int GetHashCode((string Name, string Version) obj) =>
            HashCode.Combine(StringComparer.OrdinalIgnoreCase.GetHashCode(obj.Name), StringComparer.OrdinalIgnoreCase.GetHashCode(obj.Version));
    }
}
