using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;

namespace Gestan.Account;

/// <summary>
/// The way to Gestan's account service. Messages and stubs, in <c>Gestan.Account.V1</c>, are generated from the
/// proto files, whose comments are the reference; the details of refusals come with <c>Grpc.StatusProto</c>.
/// </summary>
public static class GestanAccount
{
    // Of grpc-dotnet's service config a timeout is no part: `CallTimeout` brings it.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A channel to the service, such as <c>compte.example.fr:443</c>, with repeats where the contract makes them
    /// harmless. TLS is for every server but one's own, <c>localhost</c> or <c>127.0.0.1</c>; with <c>ca</c>, the
    /// PEM file of an authority, for that one as well. Without, the system's roots are trusted.
    /// </summary>
    public static GrpcChannel Channel(string target, string? ca = null)
    {
        var own = ca == null && (target.StartsWith("localhost:") || target.StartsWith("127.0.0.1:"));
        var handler = new SocketsHttpHandler();
        if (ca != null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust };
            policy.CustomTrustStore.ImportFromPemFile(ca);
            policy.RevocationMode = X509RevocationMode.NoCheck;
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }
        var options = new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true, ServiceConfig = ReadServiceConfig() };
        return GrpcChannel.ForAddress($"{(own ? "http" : "https")}://{target}", options);
    }

    /// <summary>What the stubs are made with: the channel, with a timeout of 10 s for every call, and the name of this package.</summary>
    public static CallInvoker Invoker(GrpcChannel channel) => channel.Intercept(new CallTimeout(Timeout));

    private static ServiceConfig ReadServiceConfig()
    {
        using var json = typeof(GestanAccount).Assembly.GetManifestResourceStream("service_config.json")!;
        using var document = JsonDocument.Parse(json);
        var config = new ServiceConfig();
        foreach (var entry in document.RootElement.GetProperty("methodConfig").EnumerateArray())
        {
            var method = new MethodConfig();
            foreach (var name in entry.GetProperty("name").EnumerateArray())
            {
                var rpc = name.TryGetProperty("method", out var value) ? value.GetString() : null;
                method.Names.Add(new MethodName { Service = name.GetProperty("service").GetString(), Method = rpc });
            }
            if (entry.TryGetProperty("retryPolicy", out var policy))
            {
                method.RetryPolicy = Read(policy);
            }
            config.MethodConfigs.Add(method);
        }
        return config;
    }

    private static RetryPolicy Read(JsonElement policy)
    {
        var read = new RetryPolicy
        {
            MaxAttempts = policy.GetProperty("maxAttempts").GetInt32(),
            InitialBackoff = Seconds(policy.GetProperty("initialBackoff")),
            MaxBackoff = Seconds(policy.GetProperty("maxBackoff")),
            BackoffMultiplier = policy.GetProperty("backoffMultiplier").GetDouble(),
        };
        foreach (var code in policy.GetProperty("retryableStatusCodes").EnumerateArray())
        {
            read.RetryableStatusCodes.Add(Enum.Parse<StatusCode>(code.GetString()!, ignoreCase: true));
        }
        return read;
    }

    // As protobuf's JSON writes a duration: `0.1s`.
    private static TimeSpan Seconds(JsonElement duration)
    {
        var number = duration.GetString()!.TrimEnd('s');
        return TimeSpan.FromSeconds(double.Parse(number, System.Globalization.CultureInfo.InvariantCulture));
    }
}
