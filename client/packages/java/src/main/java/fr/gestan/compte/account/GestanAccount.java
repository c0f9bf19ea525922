package fr.gestan.compte.account;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.protobuf.StatusProto;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * The way to Gestan's account service, and the details of its refusals. The messages and stubs in
 * {@code fr.gestan.compte.account.v1} are generated from the proto files, whose comments are the
 * reference of the API.
 */
public final class GestanAccount {
  private static final Map<String, ?> SERVICE_CONFIG = serviceConfig();

  private GestanAccount() {}

  /**
   * A channel to the service, such as {@code compte.example.fr:443}, with a timeout for every call,
   * and repeats where the contract makes them harmless.
   *
   * <p>TLS is for every server but one's own, {@code localhost} or {@code 127.0.0.1}; with
   * {@code ca}, the PEM file of an authority, for that one as well. When it is null, Java's roots are
   * trusted.
   */
  public static ManagedChannelBuilder<?> channel(String target, File ca) throws IOException {
    return Grpc.newChannelBuilder(target, credentials(target, ca))
        .defaultServiceConfig(SERVICE_CONFIG)
        // No other config is looked for in DNS.
        .disableServiceConfigLookUp()
        .enableRetry()
        .intercept(new Pushback())
        .userAgent("gestan-account-java/" + GestanAccount.class.getPackage().getImplementationVersion());
  }

  /** The detail of this kind that came with a refusal, such as {@code com.google.rpc.ErrorInfo}. */
  public static <T extends Message> Optional<T> detail(StatusRuntimeException refusal, Class<T> kind) {
    var status = StatusProto.fromThrowable(refusal);
    if (status == null) {
      return Optional.empty();
    }
    for (Any any : status.getDetailsList()) {
      if (any.is(kind)) {
        try {
          return Optional.of(any.unpack(kind));
        } catch (InvalidProtocolBufferException unreadable) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  private static ChannelCredentials credentials(String target, File ca) throws IOException {
    if (ca != null) {
      return TlsChannelCredentials.newBuilder().trustManager(ca).build();
    }
    var own = target.startsWith("localhost:") || target.startsWith("127.0.0.1:");
    return own ? InsecureChannelCredentials.create() : TlsChannelCredentials.create();
  }

  private static Map<String, ?> serviceConfig() {
    try (var json = GestanAccount.class.getResourceAsStream("service_config.json")) {
      var reader = new InputStreamReader(json, StandardCharsets.UTF_8);
      return new Gson().fromJson(reader, new TypeToken<Map<String, Object>>() {}.getType());
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
