package fr.gestan.compte.account;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Code;
import com.google.rpc.Status;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;

/**
 * Has a server's wish to be asked again later count for UNAVAILABLE only. grpc-java repeats every refusal
 * that has one, whatever its code: a call that is to come back in 45 seconds would wait for its timeout,
 * and never tell its reason.
 */
final class Pushback implements ClientInterceptor {
  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<byte[]> STATUS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  @Override
  public <I, O> ClientCall<I, O> interceptCall(
      MethodDescriptor<I, O> method, CallOptions options, Channel next) {
    return next.newCall(method, options.withStreamTracerFactory(new Tracers()));
  }

  /** What sees the trailers of each attempt before it is decided about another one. */
  private static final class Tracers extends ClientStreamTracer.Factory {
    @Override
    public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
      return new ClientStreamTracer() {
        @Override
        public void inboundTrailers(Metadata trailers) {
          if (isFinal(trailers.get(STATUS))) {
            trailers.discardAll(PUSHBACK);
          }
        }
      };
    }
  }

  /** Whether the details, which every refusal of the service has, tell another code. */
  private static boolean isFinal(byte[] details) {
    try {
      return details != null && Status.parseFrom(details).getCode() != Code.UNAVAILABLE_VALUE;
    } catch (InvalidProtocolBufferException unreadable) {
      return false;
    }
  }
}
