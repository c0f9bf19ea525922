package example;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import java.util.concurrent.TimeUnit;

/**
 * Ten seconds for every call: a stub's own deadline would be one moment for all of its calls. The
 * server is told, and stops working when nobody waits.
 */
final class CallDeadline implements ClientInterceptor {
  @Override
  public <I, O> ClientCall<I, O> interceptCall(
      MethodDescriptor<I, O> method, CallOptions options, Channel next) {
    return next.newCall(method, options.withDeadlineAfter(10, TimeUnit.SECONDS));
  }
}
