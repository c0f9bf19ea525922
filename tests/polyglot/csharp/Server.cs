using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

/// <summary>How both programs reach the server.</summary>
internal static class Server
{
    // TLS is for every server but one's own: without `ca`, the system's roots are trusted.
    public static GrpcChannel Connect(string server, string? ca)
    {
        var own = ca == null && (server.StartsWith("localhost:") || server.StartsWith("127.0.0.1:"));
        var handler = new SocketsHttpHandler();
        if (ca != null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust };
            policy.CustomTrustStore.ImportFromPemFile(ca);
            policy.RevocationMode = X509RevocationMode.NoCheck;
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }
        var url = $"{(own ? "http" : "https")}://{server}";
        return GrpcChannel.ForAddress(url, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }
}
