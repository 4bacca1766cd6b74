namespace Microsoft.DurableTask;

public sealed class DurableTaskRegistry
{
    public DurableTaskRegistry AddActivity(TaskName name, Func<IServiceProvider, ITaskActivity> factory) => throw Signature.Only;
    public DurableTaskRegistry AddActivity(TaskName name, TaskVersion version, Func<ITaskActivity> factory) => throw Signature.Only;
    public DurableTaskRegistry AddActivity(TaskName name, Type type) => throw Signature.Only;
    public DurableTaskRegistry AddActivity(Type type) => throw Signature.Only;
    public DurableTaskRegistry AddActivity<TActivity>(TaskName name) where TActivity : class, ITaskActivity => throw Signature.Only;
    public DurableTaskRegistry AddActivity<TActivity>() where TActivity : class, ITaskActivity => throw Signature.Only;
    public DurableTaskRegistry AddActivity(TaskName name, ITaskActivity activity) => throw Signature.Only;
    public DurableTaskRegistry AddActivity(ITaskActivity activity) => throw Signature.Only;
    public DurableTaskRegistry AddActivityFunc<TInput, TOutput>(TaskName name, Func<TaskActivityContext, TInput, Task<TOutput>> activity) => throw Signature.Only;
    public DurableTaskRegistry AddActivityFunc<TInput, TOutput>(TaskName name, TaskVersion version, Func<TaskActivityContext, TInput, Task<TOutput>> activity) => throw Signature.Only;
    public DurableTaskRegistry AddActivityFunc<TInput, TOutput>(TaskName name, Func<TaskActivityContext, TInput, TOutput> activity) => throw Signature.Only;
    public DurableTaskRegistry AddActivityFunc<TInput>(TaskName name, Func<TaskActivityContext, TInput, Task> activity) => throw Signature.Only;
    public DurableTaskRegistry AddActivityFunc<TOutput>(TaskName name, Func<TaskActivityContext, Task<TOutput>> activity) => throw Signature.Only;
    public DurableTaskRegistry AddActivityFunc(TaskName name, Func<TaskActivityContext, Task> activity) => throw Signature.Only;
    public DurableTaskRegistry AddActivityFunc<TOutput>(TaskName name, Func<TaskActivityContext, TOutput> activity) => throw Signature.Only;
    public DurableTaskRegistry AddActivityFunc<TInput>(TaskName name, Action<TaskActivityContext, TInput> activity) => throw Signature.Only;
    public DurableTaskRegistry AddActivityFunc(TaskName name, Action<TaskActivityContext> activity) => throw Signature.Only;
    public DurableTaskRegistry AddEntity(TaskName name, Func<IServiceProvider, ITaskEntity> factory) => throw Signature.Only;
    public DurableTaskRegistry AddEntity(TaskName name, Type type) => throw Signature.Only;
    public DurableTaskRegistry AddEntity(Type type) => throw Signature.Only;
    public DurableTaskRegistry AddEntity<TEntity>(TaskName name) where TEntity : class, ITaskEntity => throw Signature.Only;
    public DurableTaskRegistry AddEntity<TEntity>() where TEntity : class, ITaskEntity => throw Signature.Only;
    public DurableTaskRegistry AddEntity(TaskName name, ITaskEntity entity) => throw Signature.Only;
    public DurableTaskRegistry AddEntity(ITaskEntity entity) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestrator(TaskName name, TaskVersion version, Func<ITaskOrchestrator> factory) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestrator(TaskName name, Func<ITaskOrchestrator> factory) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestrator(TaskName name, Type type) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestrator(Type type) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestrator<TOrchestrator>(TaskName name) where TOrchestrator : class, ITaskOrchestrator => throw Signature.Only;
    public DurableTaskRegistry AddOrchestrator<TOrchestrator>() where TOrchestrator : class, ITaskOrchestrator => throw Signature.Only;
    public DurableTaskRegistry AddOrchestrator(TaskName name, ITaskOrchestrator orchestrator) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestrator(ITaskOrchestrator orchestrator) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestratorFunc<TInput, TOutput>(TaskName name, Func<TaskOrchestrationContext, TInput, Task<TOutput>> orchestrator) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestratorFunc<TInput, TOutput>(TaskName name, TaskVersion version, Func<TaskOrchestrationContext, TInput, Task<TOutput>> orchestrator) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestratorFunc<TInput, TOutput>(TaskName name, Func<TaskOrchestrationContext, TInput, TOutput> orchestrator) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestratorFunc<TInput>(TaskName name, Func<TaskOrchestrationContext, TInput, Task> orchestrator) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestratorFunc<TOutput>(TaskName name, Func<TaskOrchestrationContext, Task<TOutput>> orchestrator) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestratorFunc(TaskName name, Func<TaskOrchestrationContext, Task> orchestrator) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestratorFunc<TOutput>(TaskName name, Func<TaskOrchestrationContext, TOutput> orchestrator) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestratorFunc<TInput>(TaskName name, Action<TaskOrchestrationContext, TInput> orchestrator) => throw Signature.Only;
    public DurableTaskRegistry AddOrchestratorFunc(TaskName name, Action<TaskOrchestrationContext> orchestrator) => throw Signature.Only;
    public IEnumerable<KeyValuePair<TaskName, Func<IServiceProvider, ITaskOrchestrator>>> GetOrchestrators() => throw Signature.Only;
    public IEnumerable<KeyValuePair<TaskName, Func<IServiceProvider, ITaskActivity>>> GetActivities() => throw Signature.Only;
    public IEnumerable<KeyValuePair<TaskName, Func<IServiceProvider, ITaskEntity>>> GetEntities() => throw Signature.Only;
}
