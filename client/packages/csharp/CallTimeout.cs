using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Gestan.Account;

/// <summary>A deadline for each call that has none, or a later one, and the name of this package.</summary>
internal sealed class CallTimeout(TimeSpan timeout) : Interceptor
{
    private static readonly string UserAgent =
        $"gestan-account-dotnet/{typeof(CallTimeout).Assembly.GetName().Version!.ToString(3)}";

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncUnaryCallContinuation<TRequest, TResponse> continuation) => continuation(request, With(context));

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        BlockingUnaryCallContinuation<TRequest, TResponse> continuation) => continuation(request, With(context));

    private ClientInterceptorContext<TRequest, TResponse> With<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class
    {
        // The caller's own are left as they are.
        var headers = new Metadata();
        foreach (var header in context.Options.Headers ?? new Metadata())
        {
            headers.Add(header);
        }
        headers.Add("user-agent", UserAgent);
        var options = context.Options.WithHeaders(headers);
        var latest = DateTime.UtcNow + timeout;
        if (options.Deadline == null || options.Deadline > latest)
        {
            options = options.WithDeadline(latest);
        }
        return new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, options);
    }
}
